"""What CloudFormation would refuse to do to what is deployed, or take back after minutes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from hivemind.plan.model import Action, Change, Plan, Snapshot
from hivemind.template.fragment import Assembly
from hivemind.template.resource_types import resource_type
from hivemind.values.findings import Finding, Severity

_VPC = "AWS::EC2::VPC"
_BOUND_TO_NETWORK: Mapping[str, str] = MappingProxyType(
    {
        "AWS::ElasticLoadBalancingV2::LoadBalancer": "a load balancer",
        "AWS::RDS::DBSubnetGroup": "a database",
        "AWS::ElastiCache::SubnetGroup": "a cache",
    }
)
"""Types that take other subnets in place, but none of another VPC."""
_NAMES = frozenset(
    {
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"),
        ("AWS::EC2::SecurityGroup", "GroupName"),
    }
)
"""Names that are unique although the schema does not identify the resource by them."""


def refused_replacements(plan: Plan, assembly: Assembly, snapshot: Snapshot) -> Iterator[Finding]:
    """Findings on replacements that cannot work: of a network, and of a resource whose name stays the same."""
    for change in plan.changes:
        if change.action is not Action.REPLACE:
            continue
        if change.type == _VPC:
            yield from _network(change, assembly, snapshot)
        yield from _name(change, assembly)


def _network(change: Change, assembly: Assembly, snapshot: Snapshot) -> Iterator[Finding]:
    deployed = snapshot.template.get("Resources", {})
    kinds = {part.get("Type") for name, part in deployed.items() if name in assembly.resources}
    bound = [words for kind, words in _BOUND_TO_NETWORK.items() if kind in kinds]
    if bound:
        owner = assembly.responsible("Resources", change.logical_id, "Properties", *change.replacing[:1])
        path = "network.cidr" if owner.path == "network" and "CidrBlock" in change.replacing else owner.path
        yield Finding(
            "H454",
            Severity.ERROR,
            f"{', '.join(change.replacing)} of the network cannot change: it would be another network, and "
            f"{' and '.join(bound)} cannot move to it",
            hint="Keep the value. For another network, deploy another environment and move the data.",
            plugin=owner.plugin,
            path=path,
        )


def _name(change: Change, assembly: Assembly) -> Iterator[Finding]:
    properties = assembly.resources[change.logical_id].get("Properties") or {}
    for name in _own_names(change.type):
        if name in properties and name not in change.properties:
            owner = assembly.responsible("Resources", change.logical_id, "Properties", *change.replacing[:1])
            yield Finding(
                "H455",
                Severity.ERROR,
                f"{change.logical_id} ({change.type}) cannot be replaced, because its name ({name}) stays the same: "
                "CloudFormation creates the new one before it deletes the old one",
                hint=f"Undo the change of {', '.join(change.replacing)}, or change {name} as well.",
                plugin=owner.plugin,
                path=owner.path,
            )


def _own_names(kind: str) -> tuple[str, ...]:
    """Properties of a type that name a resource, so that no two have the same value."""
    facts = resource_type(kind)
    if facts is None:
        return ()
    named = {name for type_, name in _NAMES if type_ == kind}
    return tuple(sorted((facts.identifier - facts.read_only) | named))
