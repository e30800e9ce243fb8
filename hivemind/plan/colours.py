"""Blue-green: which of a service's instances serve, and which a release goes onto. Pure.

The instances of one release have a colour, which is part of their logical ids. All that is known of it is read from
the stack, so that a lost state changes nothing: the output with the service's instances names those of the newest
template, which are made before they serve; the load balancer says which serve.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hivemind.blueprint.model import Blueprint, Service
from hivemind.blueprint.strategy import Colour, Way
from hivemind.plan.instances import apart, is_replaced, is_stopped
from hivemind.plan.model import EMPTY, Change, Plan, Snapshot, Standing, Trouble
from hivemind.template.names import colour_of, instances_output
from hivemind.template.references import references


def standing(
    service: str,
    snapshot: Snapshot,
    *,
    registered: Collection[str] | None = None,
    healthy: Collection[str] = (),
) -> Standing:
    """Which instances of a service serve.

    registered, healthy: EC2 ids of those that the load balancer sends requests to, and of those that answer; None
    where nobody asked it: then the newest are taken for serving.
    """
    there = _by_colour(service, snapshot)
    if not there:
        return Standing()
    newest = _newest(service, snapshot.template) or next(iter(there))
    others = tuple(colour for colour in there if colour is not newest)
    in_use = set(registered or ())
    before = next((colour for colour in others if in_use & set(there[colour])), None)
    current = before or (newest if newest in there else others[0])
    coming = newest if before and newest in there else None
    resting = tuple(colour for colour in others if colour is not current)
    answers = registered is None or bool(set(healthy) & {one for each in there.values() for one in each})
    return Standing(current, coming, resting, answers)


def present(blueprint: Blueprint, snapshot: Snapshot) -> Mapping[str, Colour]:
    """Service -> the colour that serves."""
    return {name: of(name, snapshot).current for name in blueprint.services}


def of(service: str, snapshot: Snapshot) -> Standing:
    """How a service stands in a snapshot: as it was found out, else as the template says."""
    return snapshot.standing.get(service) or standing(service, snapshot)


def turned(blueprint: Blueprint, snapshot: Snapshot, plan: Plan) -> Mapping[str, Colour]:
    """The services whose release goes onto other instances than those that serve -> these instances' colour.

    plan: as it is with the instances that serve.
    """
    found = {}
    for service in blueprint.web_services:
        known = of(service.name, snapshot)
        if is_blue_green(service) and known.answers and _is_due(service, snapshot, plan):
            found[service.name] = known.coming or _free(service.name, snapshot)
    return found


def is_blue_green(service: Service) -> bool:
    """Whether releases of a service go onto new instances. Not before the load balancer knows at which path it asks."""
    return service.strategy.way is Way.BLUE_GREEN and service.scaling is None and service.health.path is not None


def without_others(blueprint: Blueprint, snapshot: Snapshot) -> Snapshot:
    """The snapshot without what is wrong with instances of colours that are not meant. What does not exist any more
    stays in it, since it must be taken out of the stack."""
    kept = tuple(
        one
        for one in snapshot.repairs
        if one.trouble is Trouble.TERMINATED
        or (service := blueprint.services.get(one.service)) is None
        or colour_of(one.service, one.logical_id) in (None, service.colour)
    )
    return replace(snapshot, repairs=kept)


def taken_over(service: Service, snapshot: Snapshot) -> Mapping[str, str]:
    """Logical id -> EC2 id of the instances that serve, where a release goes onto others; empty where it does not."""
    current = of(service.name, snapshot).current
    return {} if current is service.colour else _ids(service.name, snapshot, current)


def _is_due(service: Service, snapshot: Snapshot, plan: Plan) -> bool:
    """Whether the service gets a release, or other instances, or another run had begun to give it some."""
    source = next((one.source for one in plan.releases if one.service == service.name), None)
    own = _ids(service.name, snapshot, of(service.name, snapshot).current)
    moved = [one for one in plan.changes if one.logical_id in own and (is_replaced(one) or is_stopped(one))]
    if not own or any(one.logical_id not in apart(plan.changes) for one in moved):
        return False  # what they stand on is replaced, and they with it: others beside them would have nothing of it
    return plan.again or bool(moved) or source != snapshot.artifacts.get(service.name)


def _free(service: str, snapshot: Snapshot) -> Colour:
    """A colour that no instance has; one that rests is not used again, since it is a release of its own."""
    known, there = of(service, snapshot), _by_colour(service, snapshot)
    return next(
        (colour for colour in Colour if colour not in there),
        next(colour for colour in Colour if colour is not known.current),
    )


def _by_colour(service: str, snapshot: Snapshot) -> dict[Colour, list[str]]:
    """Colour -> EC2 ids, of the instances in the template that exist."""
    found: dict[Colour, list[str]] = {}
    for name in sorted(snapshot.template.get("Resources", EMPTY)):
        colour = colour_of(service, name)
        if colour is not None and name in snapshot.physical_ids:
            found.setdefault(colour, []).append(snapshot.physical_ids[name])
    return found


def _ids(service: str, snapshot: Snapshot, colour: Colour) -> dict[str, str]:
    return {name: one for name, one in snapshot.physical_ids.items() if colour_of(service, name) is colour}


def _newest(service: str, template: Mapping[str, Any]) -> Colour | None:
    output = template.get("Outputs", EMPTY).get(instances_output(service))
    named: Iterable[Colour | None] = (colour_of(service, one.target) for one in references(output))
    return next(filter(None, named), None)


def leaving(service: Service, snapshot: Snapshot, changes: Iterable[Change]) -> Iterator[str]:
    """Logical ids of instances that serve until those that a release goes onto do, and go then."""
    known = taken_over(service, snapshot)
    return (one.logical_id for one in changes if one.logical_id in known)
