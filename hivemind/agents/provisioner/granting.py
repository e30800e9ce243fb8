"""What a service's role may do with a resource that it needs: exactly these actions, on exactly this resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hivemind.blueprint.model import Blueprint, DeploymentStage, Resource
from hivemind.template.names import instance_role, logical_id


def needing(blueprint: Blueprint, resource: str) -> tuple[str, ...]:
    """Names of the services that need a resource."""
    return tuple(name for name in sorted(blueprint.services) if resource in blueprint.services[name].needs)


def policies(
    blueprint: Blueprint, resource: Resource, kind: str, statements: Sequence[tuple[Sequence[str], Any]]
) -> Mapping[str, Mapping[str, Any]]:
    """A policy at the role of each service that needs the resource, by logical id; both names are in it.

    kind: what the resource is, in camel case. statements: actions and what they are about.
    """
    return {
        logical_id(service, "Uses") + logical_id(resource.name, kind): {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": f"{resource.type}-{resource.name}",
                "Roles": [{"Ref": instance_role(service)}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": list(actions), "Resource": about} for actions, about in statements
                    ],
                },
            },
        }
        for service in needing(blueprint, resource.name)
    }


def kept(blueprint: Blueprint, resource: Resource) -> Mapping[str, str]:
    """The policies of a resource whose data CloudFormation takes no snapshot of: it stays in production and goes in
    stage-1, unless the blueprint says otherwise. What a creation that failed made is empty and goes, too."""
    production = blueprint.stage is DeploymentStage.PRODUCTION
    if resource.options.get("keep", production):
        return {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    return {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


def encrypted_only(action: str, about: Sequence[Any]) -> Mapping[str, Any]:
    """A statement that refuses everybody who comes without TLS. action: all of the service's."""
    return {
        "Sid": "EncryptedOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": list(about) if len(about) > 1 else about[0],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
