"""What an instance of an Auto Scaling group does at its first boot, and what its role lets it read for that.

Its user data fetches the installer from the deployment's bucket, and that installs what the manifest beside it names.
Source for several parts: cloud-init documentation, "User data formats", MIME multi-part archive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

from hivemind.blueprint.access import instances_are_public
from hivemind.blueprint.model import Blueprint, SecretReference, Service
from hivemind.template.fragment import Binding, Fragment
from hivemind.template.names import ARTIFACT_BUCKET, RUNNING, generated_secret, instance_role, scaling_access
from hivemind.template.references import references

GENERATED = "generated"
_PART = "==hivemind=="
_CLOUD_CONFIG = "#cloud-config\nssh_pwauth: false\ndisable_root: true\n"
_ARN = "arn:${AWS::Partition}:"
_COMPLETE = re.compile(r".*-[A-Za-z0-9]{6}")


def has_way_out(blueprint: Blueprint) -> bool:
    """Whether instances reach more of AWS than the bucket, to which an endpoint leads."""
    return instances_are_public(blueprint) or blueprint.network.egress != "none"


def user_data(service: str, group: str) -> Mapping[str, Any]:
    """The launch template's user data, the same for every release. group: logical id of the group."""
    text = (resources.files("hivemind.hosts.onhost") / "role.py").read_text(encoding="utf-8")
    place = '"${AWS::Region}.${AWS::URLSuffix}"'
    call = f'first_boot({place}, "${{{ARTIFACT_BUCKET}}}", "{service}", "${{AWS::StackName}}", "{group}")'
    script = f"#!/usr/bin/env python3\n{text.replace('${', '${!')}\n\n{call}\n"
    parts = (("text/cloud-config", _CLOUD_CONFIG), ("text/x-shellscript", script))
    bodies = "".join(f"--{_PART}\nContent-Type: {kind}\n\n{body}\n" for kind, body in parts)
    head = f'Content-Type: multipart/mixed; boundary="{_PART}"\nMIME-Version: 1.0\n\n'
    return {"Fn::Base64": {"Fn::Sub": f"{head}{bodies}--{_PART}--\n"}}


def access(blueprint: Blueprint, fragments: Iterable[Fragment]) -> Iterator[Fragment]:
    """For each service with a group, the policy that lets its role read this service's folder of the bucket and
    these secrets, and tell CloudFormation that an instance is ready. fragments: of everything else, whose bindings
    and outputs say which secrets resources have."""
    known = tuple(fragments)
    for name in sorted(blueprint.services):
        service = blueprint.services[name]
        if service.scaling is None:
            continue
        yield Fragment(
            path=f"services.{name}",
            resources={
                scaling_access(name): {
                    "Type": "AWS::IAM::Policy",
                    # The group waits for this, and so for what its instances would look for in vain.
                    **_order(service, known),
                    "Properties": {
                        "PolicyName": "first-boot",
                        "Roles": [{"Ref": instance_role(name)}],
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": list(_statements(blueprint, service, known)),
                        },
                    },
                }
            },
        )


def _statements(blueprint: Blueprint, service: Service, fragments: tuple[Fragment, ...]) -> Iterator[Mapping[str, Any]]:
    bucket = {"Fn::Sub": f"${{{ARTIFACT_BUCKET}.Arn}}/{RUNNING}{service.name}/*"}
    yield _allowed("s3:GetObject", [bucket])
    if has_way_out(blueprint):
        yield _allowed("cloudformation:SignalResource", [{"Ref": "AWS::StackId"}])
    if parameters := parameter_arns(service):
        yield _allowed("ssm:GetParameter", parameters)
    secrets = [*_own_secrets(service), *_secrets_of_needs(service, fragments)]
    if secrets:
        yield _allowed("secretsmanager:GetSecretValue", secrets)


def _allowed(action: str, arns: list[Any]) -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": [action], "Resource": arns}


def _references(service: Service) -> list[SecretReference]:
    return [service.secrets[name] for name in sorted(service.secrets)]


def parameter_arns(service: Service) -> list[Any]:
    """The parameters of Parameter Store that the service's secrets refer to."""
    names = sorted({one.name.lstrip("/") for one in _references(service) if one.store == "ssm"})
    return [{"Fn::Sub": f"{_ARN}ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter/{name}"} for name in names]


def _own_secrets(service: Service) -> Iterator[Any]:
    for name in sorted({one.name for one in _references(service) if one.store == GENERATED}):
        yield {"Ref": generated_secret(name)}
    for name in sorted({one.name for one in _references(service) if one.store == "secretsmanager"}):
        # Secrets Manager adds a hyphen and six characters to the name in the ARN.
        ending = "" if name.startswith("arn:") and _COMPLETE.fullmatch(name) else "-??????"
        arn = (
            name
            if name.startswith("arn:")
            else f"{_ARN}secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{name}"
        )
        yield {"Fn::Sub": arn + ending}


def _order(service: Service, fragments: tuple[Fragment, ...]) -> Mapping[str, Any]:
    values, outputs = (
        _values(fragments),
        [output for binding in _bindings(service, fragments) for output in binding.outputs.values()],
    )
    named = {one.target for output in outputs if output in values for one in references(values[output])}
    return {"DependsOn": sorted(named)} if named else {}


def _secrets_of_needs(service: Service, fragments: tuple[Fragment, ...]) -> Iterator[Any]:
    values = _values(fragments)
    wanted = {output for binding in _bindings(service, fragments) for output, _ in binding.secrets.values()}
    for output in sorted(wanted & set(values)):
        yield values[output]


def _bindings(service: Service, fragments: tuple[Fragment, ...]) -> list[Binding]:
    return [binding for one in fragments for binding in one.bindings if binding.resource in service.needs]


def _values(fragments: tuple[Fragment, ...]) -> dict[str, Any]:
    return {name: value["Value"] for one in fragments for name, value in one.outputs.items()}
