"""CloudFormation's limits (AWS CloudFormation User Guide, "Understand CloudFormation quotas")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.template.jobs import jobs_in
from hivemind.values.findings import Finding, Severity

INLINE_BYTES = 51_200
LARGEST_BYTES = 1_000_000
COUNTS: Mapping[str, int] = {"Resources": 500, "Parameters": 200, "Outputs": 200}


NEAR = 0.9
"""The part of a limit from which on a template is said to come near it."""
SHORT_NAMES: Mapping[str, str] = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
}
SHORT = 32
"""Characters of such a name at most, letters, digits and dashes (API reference of Elastic Load Balancing,
CreateLoadBalancer and CreateTargetGroup)."""
MOST_TAGS = 50
"""Tags of a resource, without those of AWS's own (AWS General Reference, "Tag naming limits and requirements")."""
_NAME = re.compile(r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_STACK = re.compile(r"\$\{AWS::StackName\}")


def written_name(value: Any, stack_name: str) -> str | None:
    """The name that a template gives: text, or what becomes of the stack's name in it; None for other functions."""
    if isinstance(value, Mapping) and len(value) == 1:
        if value.get("Ref") == "AWS::StackName":
            return stack_name
        text = value.get("Fn::Sub")
        value = _STACK.sub(stack_name, text) if isinstance(text, str) else None
    return value if isinstance(value, str) and "${" not in value else None


def ill_named(resources: Mapping[str, Mapping[str, Any]], stack_name: str) -> Iterator[tuple[str, str, str]]:
    """Logical id, property and message of each name that Elastic Load Balancing would refuse."""
    for logical_id, resource in sorted(resources.items()):
        key = SHORT_NAMES.get(str(resource.get("Type"))) if isinstance(resource, Mapping) else None
        properties = resource.get("Properties") if key else None
        name = written_name(properties.get(key), stack_name) if key and isinstance(properties, Mapping) else None
        if key is None or name is None or _NAME.fullmatch(name):
            continue
        if len(name) > SHORT:
            yield logical_id, key, f"{key} {name} has {len(name)} characters; a load balancer's has {SHORT} at most"
        else:
            yield logical_id, key, f"{key} {name}: letters, digits and dashes only, none at an end, and no `internal-`"


def overtagged(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, int, int]]:
    """Logical id of each resource with more tags than AWS allows, how many, and how many of them name a job."""
    for logical_id, resource in sorted(resources.items()):
        properties = resource.get("Properties") if isinstance(resource, Mapping) else None
        tags = properties.get("Tags") if isinstance(properties, Mapping) else None
        if isinstance(tags, list | tuple | Mapping) and len(tags) > MOST_TAGS:
            yield logical_id, len(tags), len(jobs_in(resource))


def exceeded(template: Mapping[str, Any], text: str) -> Iterator[Finding]:
    """Findings for a template that CloudFormation would refuse, and a remark on one that must go through S3.

    text: the template as it is sent.
    """
    for section, limit in COUNTS.items():
        count = len(template.get(section) or {})
        if count > limit:
            yield Finding(
                "H410",
                Severity.ERROR,
                f"the template has {count} {section.lower()}; CloudFormation accepts {limit}",
                hint="Split the blueprint into two deployments.",
            )
        elif count > NEAR * limit:
            yield Finding(
                "H413",
                Severity.WARNING,
                f"the template has {count} {section.lower()}, near the {limit} that CloudFormation accepts",
                hint="Split the blueprint into two deployments before it grows on: move services that share nothing.",
            )
    size = len(text.encode())
    if size > LARGEST_BYTES:
        yield Finding(
            "H411",
            Severity.ERROR,
            f"the template has {size:,} bytes; CloudFormation accepts {LARGEST_BYTES:,}",
            hint="Split the blueprint into two deployments.",
        )
    elif size > NEAR * LARGEST_BYTES:
        yield Finding(
            "H413",
            Severity.WARNING,
            f"the template has {size:,} bytes, near the {LARGEST_BYTES:,} that CloudFormation accepts",
            hint="Split the blueprint into two deployments before it grows on: move services that share nothing.",
        )
    elif size > INLINE_BYTES:
        yield Finding(
            "H412",
            Severity.INFO,
            f"the template has {size:,} bytes; over {INLINE_BYTES:,} bytes, it goes to CloudFormation through S3",
        )
