"""Roles that may do more than what they are for needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.agents.provisioner.constants import Entry, constant, entries, inside, texts
from hivemind.agents.provisioner.permissions import AWS_PARAMETERS_ALONE, MANAGED
from hivemind.blueprint.model import Blueprint
from hivemind.template.fragment import Assembly
from hivemind.template.names import instance_role
from hivemind.values.findings import Finding, Severity

ROLE = "AWS::IAM::Role"
POLICIES = frozenset({"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"})
WIDE_MANAGED = ("AdministratorAccess", "FullAccess", "PowerUserAccess")

WITHOUT_RESOURCE = frozenset(
    {
        "cloudwatch:PutMetricData",
        "ecr:GetAuthorizationToken",
        "sts:GetCallerIdentity",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
"""Actions that take no narrower resource than `*` (AWS Service Authorization Reference)."""
LOOKING = ("describe", "list")
"""How actions begin that only look, most of which take no narrower resource either."""


def overprivileged(assembly: Assembly, blueprint: Blueprint) -> Iterator[Finding]:
    """Warnings on roles and policies of the template, overrides included, that allow too much."""
    for name, resource in sorted(assembly.resources.items()):
        properties = resource.get("Properties")
        if not isinstance(properties, Mapping):
            continue
        for place, statement in _statements(str(resource["Type"]), properties):
            wide = _wide(assembly, statement)
            if wide:
                yield _warning(assembly, name, place, f"{name} may {wide}")
        yield from _wide_managed(assembly, name, properties)
    yield from _reading_everything(assembly, blueprint)


def _statements(kind: str, properties: Mapping[str, Any]) -> Iterator[Entry]:
    """Each statement that grants something, with its place below `Properties`."""
    if kind in POLICIES:
        yield from entries(inside(properties, "PolicyDocument", "Statement"), "PolicyDocument", "Statement")
    elif kind == ROLE:
        for place, policy in entries(properties.get("Policies"), "Policies"):
            document = inside(policy, "PolicyDocument", "Statement")
            yield from entries(document, *place, "PolicyDocument", "Statement")


def _wide(assembly: Assembly, statement: Mapping[str, Any]) -> str | None:
    """What a statement allows too much of, in words; None for one that names what it is about."""
    if statement.get("Effect") != "Allow":
        return None
    if "NotAction" in statement or "NotResource" in statement:
        return "do everything except what a statement names"
    actions = texts(constant(assembly, statement.get("Action")))
    everything = [action for action in actions if action == "*" or action.endswith(":*")]
    if everything:
        return f"do everything ({', '.join(everything)})"
    naming = [action for action in actions if not _takes_no_resource(action)]
    if naming and "*" in texts(constant(assembly, statement.get("Resource"))):
        return f"use {', '.join(naming)} on everything in the account (Resource '*')"
    return None


def _takes_no_resource(action: str) -> bool:
    return action in WITHOUT_RESOURCE or action.partition(":")[2].lower().startswith(LOOKING)


def _wide_managed(assembly: Assembly, name: str, properties: Mapping[str, Any]) -> Iterator[Finding]:
    given = properties.get("ManagedPolicyArns")
    for number, policy in enumerate(given if isinstance(given, list | tuple) else ()):
        for text in texts(policy):
            if text.endswith(WIDE_MANAGED):
                message = f"{name} has the managed policy {text.rpartition('/')[2]}"
                yield _warning(assembly, name, ("ManagedPolicyArns", str(number)), message)


def _reading_everything(assembly: Assembly, blueprint: Blueprint) -> Iterator[Finding]:
    """The statement that takes back what AWS's policy for SSM allows: every parameter of the account."""
    for service in blueprint.services:
        name = instance_role(service)
        properties = (assembly.resources.get(name) or {}).get("Properties")
        if not isinstance(properties, Mapping):
            continue
        managed = any(text.endswith(f"/{MANAGED}") for text in texts(properties.get("ManagedPolicyArns")))
        if managed and not any(_takes_back(statement) for _, statement in _statements(ROLE, properties)):
            message = (
                f"{name} may read every SSM parameter of the account: the statement {AWS_PARAMETERS_ALONE} is missing"
            )
            yield _warning(assembly, name, ("Policies", "0", "PolicyDocument", "Statement"), message)


def _takes_back(statement: Mapping[str, Any]) -> bool:
    return statement.get("Sid") == AWS_PARAMETERS_ALONE and statement.get("Effect") == "Deny"


def _warning(assembly: Assembly, name: str, place: tuple[str, ...], message: str) -> Finding:
    owner = assembly.responsible("Resources", name, "Properties", *place, below=True)
    hint = "Name the actions, and name the resources by their ARNs."
    return Finding("H442", Severity.WARNING, message, hint=hint, plugin=owner.plugin, path=owner.path)
