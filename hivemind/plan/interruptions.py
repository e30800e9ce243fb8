"""What does not answer for a time because of a plan's changes, and for about how long. Pure.

Minutes are those of AWS: an instance boots in about one, gets its release in one, and is healthy after two checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hivemind.blueprint.model import Blueprint, Service
from hivemind.blueprint.strategy import Way
from hivemind.plan.groups import is_renewed
from hivemind.plan.instances import apart, is_replaced, is_stopped
from hivemind.plan.model import Action, Change, Interruption, Snapshot
from hivemind.template.names import instance, target_group
from hivemind.template.references import references
from hivemind.template.resource_types import CACHE, DATABASE, TARGET_GROUP
from hivemind.template.update_behaviour import interrupted_by

REPLACED_MINUTES = 4
STOPPED_MINUTES = 3
RECREATED_MINUTES = 2
DATABASE_MINUTES = 10
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_MORE = "With two or more `instances`, they change one after another, and nothing is interrupted."


def interruptions(blueprint: Blueprint, changes: Sequence[Change], snapshot: Snapshot) -> Iterator[Interruption]:
    """Each interruption that the changes to what is deployed bring about, services first."""
    by_id = {change.logical_id: change for change in changes}
    for name in sorted(blueprint.services):
        found = (
            _of_group(blueprint.services[name], changes)
            or _of_instances(blueprint.services[name], by_id, snapshot)
            or _of_targets(blueprint.services[name], changes, snapshot)
        )
        if found is not None:
            yield found
    for change in changes:
        names = interrupted_by(change.type, _changed(change)) if change.action is Action.UPDATE else ()
        if names and change.type in (DATABASE, CACHE):
            yield Interruption(_name(change), DATABASE_MINUTES, f"{_listed(names)} changes")


def recreated(blueprint: Blueprint, released: Iterable[str], snapshot: Snapshot) -> Iterator[Interruption]:
    """Each interruption by a release onto instances that all stop first. released: the services that get one."""
    for name in released:
        service = blueprint.services[name]
        standing = [one for one in service.numbers if instance(name, one, service.colour) in snapshot.physical_ids]
        if service.strategy.way is Way.RECREATE and standing:
            reason = "its strategy, recreate, stops all its instances before the release starts"
            yield Interruption(f"services.{name}", RECREATED_MINUTES, reason)


def _of_instances(service: Service, changes: Mapping[str, Change], snapshot: Snapshot) -> Interruption | None:
    path = f"services.{service.name}"
    known = [instance(service.name, number, service.colour) for number in service.numbers]
    standing = [one for one in known if one in snapshot.physical_ids]
    disturbed = [changes[one] for one in standing if one in changes]
    disturbed = [one for one in disturbed if is_replaced(one) or is_stopped(one)]
    together = [one for one in disturbed if one.logical_id not in apart(disturbed)]
    if standing and len(together) == len(standing):
        because = f"{_listed(sorted({one for change in together for one in change.because}))} is replaced, and "
        count = "its only instance" if len(standing) == 1 else "all its instances at once"
        return Interruption(path, REPLACED_MINUTES, because + count + " with it")
    if len(standing) != 1 or not disturbed:
        return None
    (change,) = disturbed
    if is_replaced(change):
        reason = f"its only instance is replaced ({_listed(change.replacing)} cannot change)"
        return Interruption(path, REPLACED_MINUTES, reason, _MORE)
    return Interruption(path, STOPPED_MINUTES, "its only instance is stopped and started again", _MORE)


def _of_group(service: Service, changes: Sequence[Change]) -> Interruption | None:
    """A group of one instance has no room for a new one before the old one goes."""
    path = f"services.{service.name}"
    if service.scaling is None or service.scaling.most > 1 or not is_renewed(changes, path):
        return None
    return Interruption(
        path, REPLACED_MINUTES, "the only instance of its group is replaced", "With `max: 2`, a new one comes first."
    )


def _of_targets(service: Service, changes: Iterable[Change], snapshot: Snapshot) -> Interruption | None:
    """A target group that takes the requests of one that is deployed is empty until its instances are healthy."""
    group = target_group(service.name)
    change = next((one for one in changes if one.logical_id == group and one.type == TARGET_GROUP), None)
    if change is None or snapshot.status is None:
        return None
    path = f"services.{service.name}"
    if change.action is Action.REPLACE:
        reason = f"its target group is replaced ({_listed(change.replacing)} cannot change)"
        return Interruption(path, REPLACED_MINUTES, f"{reason} and has no healthy instance at first")
    taking = any(
        one.type == _LISTENER
        and one.action is Action.UPDATE
        and group in _targets(one.after)
        and _targets(one.before) - _targets(one.after)
        for one in changes
    )
    if change.action is Action.CREATE and taking:
        reason = "it takes the place of a service that is deleted, and has no healthy instance at first"
        return Interruption(path, REPLACED_MINUTES, reason)
    return None


def _targets(values: Mapping[str, Any]) -> set[str]:
    return {one.target for one in references(values.get("DefaultActions"))}


def _changed(change: Change) -> tuple[str, ...]:
    return tuple(name for name in change.properties if change.before.get(name) != change.after.get(name))


def _name(change: Change) -> str:
    return change.path if change.path.startswith("resources.") else change.logical_id


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
