"""Making a plan: what apply would do to what stands. Pure: same arguments, same plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.model import Blueprint, Service
from hivemind.blueprint.strategy import Colour, Way
from hivemind.plan.colours import is_blue_green, of, taken_over
from hivemind.plan.costs.estimate import estimate
from hivemind.plan.costs.model import Cost
from hivemind.plan.diff import EMPTY, Difference, Side, conditional, differences, evaluated
from hivemind.plan.digest import with_digest
from hivemind.plan.former import Former
from hivemind.plan.holdings import data_guarded, guards_data, holds_data
from hivemind.plan.interruptions import interruptions, recreated
from hivemind.plan.model import UNRELEASED, Action, Change, Interruption, Plan, ReleaseChange, RemoteBuild, Snapshot
from hivemind.template.capabilities import capabilities
from hivemind.template.fragment import Assembly, Owner
from hivemind.template.names import build_stack, instance, scaling_group
from hivemind.template.resource_types import INSTANCE, SCALING_GROUP
from hivemind.values.artifact import Provenance, machine_of
from hivemind.values.stack_statuses import Rest, is_ready, rest_of


def make_plan(
    blueprint: Blueprint,
    assembly: Assembly,
    snapshot: Snapshot,
    sources: Mapping[str, Provenance | str],
    made_at: str,
    *,
    region: str | None = None,
    cloud: str = "",
    parameters: Mapping[str, str] = EMPTY,
    parts: Mapping[str, Mapping[str, str]] = EMPTY,
    again: bool = False,
) -> Plan:
    """What apply would do.

    sources: service -> Provenance, or its digest. made_at: RFC 3339. region: the blueprint's when None.
    cloud: `aws` or `local`.
    parameters: template parameters that will be given; others keep the values of the snapshot. parts: service ->
    digests of the parts of its release, for the reason. again: whether every service is released, whatever is.
    """
    stands = snapshot.status is not None
    failed = rest_of(snapshot.status) is Rest.DEAD
    before = Side(snapshot.template, snapshot.parameters) if stands and not failed else Side()
    after = Side(assembly.template, {**snapshot.parameters, **parameters})
    former = Former(assembly.owners, snapshot.template)
    changes = [_change(item, before, after, assembly.owners, former) for item in differences(before, after)]
    if failed:
        changes += _lost_with_failed(snapshot, former)
    changes.sort(key=lambda change: (change.logical_id, change.action.value))
    releases = tuple(_releases(blueprint, snapshot, sources, changes, parts, again=again))
    repairs = tuple(one for one in snapshot.repairs if one.service in blueprint.services)
    plan = Plan(
        name=blueprint.name,
        environment=blueprint.environment,
        region=region or blueprint.region or "",
        basis=snapshot.basis,
        revision=snapshot.revision + 1,
        changes=tuple(changes),
        releases=releases,
        template_digest=assembly.digest,
        digest="",
        made_at=made_at,
        stack_status=snapshot.status if stands and not is_ready(snapshot.status) else None,
        stack_holds=_holdings(snapshot) if failed else (),
        cloud=cloud,
        builds=tuple(_builds(blueprint, releases)),
        again=again,
        repairs=repairs,
        interruptions=() if failed else tuple(_interruptions(blueprint, changes, snapshot, releases)),
        role_arn=blueprint.role_arn or "",
        capabilities=capabilities(assembly.template),
        guarded=tuple(sorted(data_guarded(assembly.template))) if guards_data(blueprint, cloud) else (),
        cost=None if cloud == "local" else _cost(before, after, assembly.owners, former),
    )
    return with_digest(plan)


def _interruptions(
    blueprint: Blueprint, changes: list[Change], snapshot: Snapshot, releases: Iterable[ReleaseChange]
) -> Iterable[Interruption]:
    found = tuple(interruptions(blueprint, changes, snapshot))
    yield from found
    known = {one.of for one in found}
    needed = [one.service for one in releases if one.needed]
    yield from (one for one in recreated(blueprint, needed, snapshot) if one.of not in known)


def _cost(before: Side, after: Side, owners: Mapping[str, Owner], former: Former) -> Cost:
    """What stands after an apply costs a month, and what stands now, if anything does."""

    def part_of(name: str) -> str:
        owner = owners.get(name) or former.owner(name, before.resources.get(name, EMPTY))
        return owner.path or name

    known = evaluated(before.template, before.values()) if before.resources else None
    return estimate(evaluated(after.template, after.values()), part_of, known)


def _builds(blueprint: Blueprint, releases: Iterable[ReleaseChange]) -> Iterable[RemoteBuild]:
    for release in releases:
        service = blueprint.services[release.service]
        if release.needed and service.build_on:
            size, stack = service.build_on, build_stack(blueprint.stack_name)
            yield RemoteBuild(service.name, size, service.os, machine_of(size), stack)


def _change(item: Difference, before: Side, after: Side, owners: Mapping[str, Owner], former: Former) -> Change:
    old = before.resources.get(item.logical_id, EMPTY)
    new = after.resources.get(item.logical_id, EMPTY)
    definition = old if item.action is Action.DELETE else new
    owner = owners.get(item.logical_id) or former.owner(item.logical_id, old)
    properties = tuple(sorted({path.partition(".")[0] for path in item.paths}))
    shown = properties if item.action in (Action.UPDATE, Action.REPLACE) else ()
    return Change(
        logical_id=item.logical_id,
        type=str(definition.get("Type", "")),
        action=item.action,
        plugin=owner.plugin,
        path=owner.path,
        properties=properties,
        replacing=tuple(sorted({path.partition(".")[0] for path in item.replacing})),
        holds_data=holds_data(item.logical_id, str(definition.get("Type", "")), definition),
        policy=_policy(item.action, old, new),
        before=_values(old, shown, before.values()),
        after=_values(new, shown, after.values()),
        because=item.because,
        may_replace=_may_replace(item, str(definition.get("Type", ""))),
    )


def _may_replace(item: Difference, kind: str) -> tuple[str, ...]:
    if item.action is not Action.UPDATE:
        return ()
    return tuple(sorted({path.partition(".")[0] for path in conditional(kind, item.paths)}))


def _values(resource: Mapping[str, Any], names: Iterable[str], values: Mapping[str, str]) -> Mapping[str, Any]:
    properties = resource.get("Properties") or {}
    found: dict[str, Any] = {}
    for name in names:
        if name in properties:
            found[name] = evaluated(properties[name], values)
        elif name in resource:
            found[name] = evaluated(resource[name], {})
    return MappingProxyType(found)


def _policy(action: Action, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    if action is Action.DELETE:
        return str(old.get("DeletionPolicy") or _default_policy(old))
    if action is Action.REPLACE:
        return str(new.get("UpdateReplacePolicy") or "Delete")
    return None


def _default_policy(resource: Mapping[str, Any]) -> str:
    # Source: AWS CloudFormation user guide, "DeletionPolicy attribute".
    properties = resource.get("Properties") or {}
    alone = resource.get("Type") == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties
    return "Snapshot" if alone or resource.get("Type") == "AWS::RDS::DBCluster" else "Delete"


def _existing(snapshot: Snapshot) -> list[tuple[str, Mapping[str, Any]]]:
    resources = snapshot.template.get("Resources", EMPTY)
    return [(name, resources.get(name, EMPTY)) for name in sorted(snapshot.physical_ids)]


def _holdings(snapshot: Snapshot) -> tuple[str, ...]:
    """What is still in a failed stack, for show."""
    return tuple(f"{name} ({part.get('Type', 'of unknown type')})" for name, part in _existing(snapshot))


def _lost_with_failed(snapshot: Snapshot, former: Former) -> list[Change]:
    """Data that the deletion of a failed stack would take with it."""
    return [
        Change(
            logical_id=name,
            type=str(part.get("Type", "")),
            action=Action.DELETE,
            plugin=former.owner(name, part).plugin,
            path="",
            holds_data=True,
            policy=_policy(Action.DELETE, part, EMPTY),
        )
        for name, part in _existing(snapshot)
        if holds_data(name, str(part.get("Type", "")), part)
    ]


def _releases(
    blueprint: Blueprint,
    snapshot: Snapshot,
    sources: Mapping[str, Provenance | str],
    changes: Iterable[Change],
    parts: Mapping[str, Mapping[str, str]],
    *,
    again: bool,
) -> Iterable[ReleaseChange]:
    fresh = {
        change.path
        for change in changes
        if change.type in (INSTANCE, SCALING_GROUP) and change.action in (Action.CREATE, Action.REPLACE)
    }
    for name in sorted(blueprint.services):
        if name not in sources:
            continue
        service = blueprint.services[name]
        turns = bool(taken_over(service, snapshot))
        given = sources[name]
        source = given if isinstance(given, str) else given.digest
        released = snapshot.artifacts.get(name)
        # A new instance has nothing on it yet, whatever is released elsewhere.
        lacking = any(one.service == name and one.trouble in UNRELEASED for one in snapshot.repairs)
        before = None if again or lacking or f"services.{name}" in fresh else released
        if not (service := blueprint.services[name]).instances and service.scaling is None:
            before, reason = source, "no instances"
        elif released is None:
            # What ran was forgotten when the last run began to release: it reached some instances, or none.
            made = (scaling_group(name), *(instance(name, 1, colour) for colour in Colour))
            ran = snapshot.revision and set(made) & set(snapshot.physical_ids)
            reason = "the last release did not end well" if ran else "first release"
        elif again:
            reason = "requested, although nothing changed"
        elif released != source and turns:
            reason = _changed_parts(snapshot.parts.get(name, EMPTY), parts.get(name, EMPTY))
        elif f"services.{name}" in fresh:
            reason = "new instances"
        elif before is None:
            reason = "instances that do not work"
        elif released == source:
            reason = "unchanged"
        else:
            reason = _changed_parts(snapshot.parts.get(name, EMPTY), parts.get(name, EMPTY))
        group = str(service.scaling or "")
        yield ReleaseChange(name, before, source, service.instances, reason, group, _way(service, snapshot))


def _way(service: Service, snapshot: Snapshot) -> str:
    """How the release takes the place of the one before, in words."""
    if taken_over(service, snapshot):
        before = of(service.name, snapshot).current
        ends = "stays, without requests" if service.strategy.keep else "goes"
        return f"{service.colour} beside {before}, then {before} {ends}"
    running = any(instance(service.name, one, service.colour) in snapshot.physical_ids for one in service.numbers)
    if service.strategy.way is Way.BLUE_GREEN and running:
        if is_blue_green(service) and not of(service.name, snapshot).answers:
            return "in place: no instance answers, so there is nothing to keep up"
        if not is_blue_green(service):
            return "in place this time: nobody knows yet at which path it answers the health check"
    if service.strategy.way is Way.RECREATE and running:
        return "all instances stop, then start with it"
    if service.strategy.batch > 1 and running:
        return f"in place, {service.strategy.batch} instances at a time"
    return ""


def _changed_parts(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    if not before or not after:
        return "sources or settings changed"
    changed = [part for part in {**after, **before} if before.get(part) != after.get(part)]
    # Nothing of the user's: HiveMind itself makes another artifact of the same.
    return f"{', '.join(changed)} changed" if changed else "build changed"
