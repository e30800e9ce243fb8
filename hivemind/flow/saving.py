"""What a plan for AWS could do for less: said while it is about to be made, and never done by itself.

A proposal is of severity info. It is made for what does not exist yet: to change it later interrupts something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.blueprint.model import DeploymentStage
from hivemind.detections.outward.known import ELSEWHERE, FETCHES
from hivemind.detections.outward.looking import Outward, outward
from hivemind.flow.builders import Builders, review
from hivemind.flow.checking import assembled
from hivemind.plan.costs.estimate import estimate
from hivemind.plan.costs.graviton import cheaper
from hivemind.plan.model import Action
from hivemind.template.names import instance
from hivemind.template.resource_types import CACHE, DATABASE
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Alike, Finding, Severity, alike

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.flow.checking import Checked
    from hivemind.plan.model import Plan
    from hivemind.values.artifact import Platform

NAT = "AWS::EC2::NatGateway"
_PROPOSALS = frozenset({"H447", "H449"})
_WITHIN = frozenset({"postgres", "redis"})
"""Types of resources that lie in the network of the instances."""
_FOR_ANY = frozenset({"go", "java", "node", "python", "static"})
"""Runtimes whose builds HiveMind makes for a processor other than this machine's."""
_OWN_SECRET = re.compile(
    r"(?:[A-Z]+_)?(?:SECRET|SECRET_KEY(?:_BASE)?|SESSION\w*|COOKIE\w*|JWT\w*|CSRF\w*|SIGNING\w*|ENCRYPTION\w*|SALT|"
    r"PEPPER|ADMIN_\w+)"
)
_PAID = {DATABASE: ("database", "DBInstanceClass"), CACHE: ("cache", "CacheNodeType")}


def with_stage_1(checked: Checked, plan: Plan) -> Plan:
    """The plan of a new production, with what the same would cost in stage-1."""
    blueprint = checked.blueprint
    if plan.cost is None or plan.cost.before is not None or blueprint.stage is DeploymentStage.STAGE_1:
        return plan
    try:
        other = assembled(replace(blueprint, stage=DeploymentStage.STAGE_1), checked.plugins)
    except FindingsError:
        return plan
    return replace(plan, cost=replace(plan.cost, in_stage_1=estimate(other.template, str).monthly))


def with_proposals(plan: Plan, found: Iterable[Finding]) -> Plan:
    """The plan with those findings beside its cost that say how it would be less."""
    proposals = alike(one for one in found if one.id in _PROPOSALS)
    said = tuple(
        f"{each.first.id}  {each.first.message}. {each.first.hint}"
        + (f" The same for {', '.join(_parts(each))}." if each.others else "")
        for each in proposals
    )
    return replace(plan, cost=replace(plan.cost, proposals=said)) if plan.cost and said else plan


def _parts(each: Alike) -> Iterator[str]:
    for one in each.others:
        yield ".".join((one.path or "").split(".")[:2])


def savings(checked: Checked, plan: Plan, platform: Callable[[str, str], Platform], who: Builders) -> Iterator[Finding]:
    """Findings on a plan for AWS: a NAT gateway that nothing seems to need, Graviton sizes that cost less, and the way
    out that is closed to what seems to need it."""
    if plan.cloud != "aws":
        return
    created = {change.logical_id: change for change in plan.changes if change.action is Action.CREATE}
    gateways = sum(change.type == NAT for change in created.values())
    blueprint = checked.blueprint
    if gateways or (blueprint.network.egress == "none" and plan.releases):
        seen = {name: _outward(checked, service) for name, service in sorted(blueprint.services.items())}
        yield from _closed(blueprint, seen) if blueprint.network.egress == "none" else _open(plan, blueprint, seen)
    yield from _instances(checked, set(created), platform, who)
    yield from (
        finding for change in created.values() if change.type in _PAID for finding in _paid(checked, change.logical_id)
    )


def _outward(checked: Checked, service: Service) -> Outward:
    """What the code shows, and beside it what the blueprint says of a service."""
    seen = outward(checked.repository, service.path, service.language)
    path = f"services.{service.name}"
    calls = [f"{path}.env.{name}" for name, value in service.env.items() if ELSEWHERE.search(str(value))]
    commands = {"start": service.start or "", "release": service.release or ""}
    calls += [f"{match[1]} in {path}.{key}" for key, said in commands.items() if (match := FETCHES.search(said))]
    types = {checked.blueprint.resources[need].type for need in service.needs if need in checked.blueprint.resources}
    own = all(said.store == "generated" or _OWN_SECRET.fullmatch(name) for name, said in service.secrets.items())
    return Outward((*seen.calls, *calls), quiet=seen.quiet and not calls and own and types <= _WITHIN)


def _open(plan: Plan, blueprint: Blueprint, seen: dict[str, Outward]) -> Iterator[Finding]:
    if not seen or not all(one.quiet for one in seen.values()):
        return
    if any(service.scaling for service in blueprint.services.values()):
        return  # instances of a group read their secrets by themselves, and say when they are up
    network = next((line for line in plan.cost.lines if line.path == "network"), None) if plan.cost else None
    costs = f", and its NAT gateway costs about ${network.monthly:,.2f} a month" if network else ""
    yield Finding(
        "H447",
        Severity.INFO,
        f"nothing in {blueprint.name} seems to call services outside of its network{costs}",
        hint="If so, write `network: {egress: none}`: releases and databases need no way out. Instances then fetch "
        "no packages from the internet either, such as Debian's security updates.",
        path="network",
    )


def _closed(blueprint: Blueprint, seen: dict[str, Outward]) -> Iterator[Finding]:
    for name, one in seen.items():
        if one.calls:
            more = f" and {len(one.calls) - 1} more" if len(one.calls) > 1 else ""
            yield Finding(
                "H448",
                Severity.WARNING,
                f"services.{name} seems to call other services ({one.calls[0]}{more}), and `egress: none` lets "
                "nothing out",
                hint="Write `network: {egress: nat}` if it needs them.",
                path="network.egress" if "network.egress" in blueprint.origins else "network",
            )


def _instances(
    checked: Checked, created: set[str], platform: Callable[[str, str], Platform], who: Builders
) -> Iterator[Finding]:
    """New services whose builds have nothing against the other processor, as far as a review tells."""
    blueprint = checked.blueprint
    for name, service in sorted(blueprint.services.items()):
        found = cheaper("instance", service.size)
        if found is None or service.build_on or service.language not in _FOR_ANY or instance(name, 1) not in created:
            continue
        size, now, then = found
        other = replace(service, size=size)
        asked = replace(blueprint, services={**blueprint.services, name: other})
        platforms = {name: platform(service.os, size)}
        said = review(asked, [name], checked.repository, platforms, plugins=checked.plugins, who=who)
        if any(finding.severity is not Severity.INFO and _of_builds(finding) for finding in said):
            continue
        count = service.instances
        yield _cheaper(f"services.{name}", f"{count} {size}" if count > 1 else size, size, count * now, count * then)


def _of_builds(finding: Finding) -> bool:
    return finding.id.startswith("H50") or not finding.id.startswith("H")


def _paid(checked: Checked, logical_id: str) -> Iterator[Finding]:
    resource = checked.assembly.resources[logical_id]
    kind, key = _PAID[resource["Type"]]
    properties = resource.get("Properties") or {}
    found = cheaper(kind, str(properties.get(key)))
    owner = checked.assembly.responsible("Resources", logical_id)
    if found is not None and owner.path.startswith("resources."):
        doubled = str(properties.get("MultiAZ", properties.get("MultiAZEnabled"))).lower() == "true"
        count = 2 if doubled else 1
        size, now, then = found
        yield _cheaper(owner.path, f"{count} {size}" if doubled else size, size, count * now, count * then)


def _cheaper(path: str, what: str, size: str, now: float, then: float) -> Finding:
    ours = path.startswith("services.")
    hint = f"Write `size: {size}`" + (
        ", if all packages of the application have builds for ARM." if ours else ". It runs the same software."
    )
    return Finding(
        "H449",
        Severity.INFO,
        f"{path}: {what} with a Graviton processor costs about ${then:,.2f} a month, ${now - then:,.2f} less",
        hint=hint,
        path=f"{path}.size" if ours else path,
    )
