"""What is wrong with instances that no template tells: compares the cloud with what was released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from hivemind.deploy.withdrawal import ALIVE, states
from hivemind.flow.status import ids_of, service_of
from hivemind.plan.colours import standing
from hivemind.plan.model import Repair, Snapshot, Standing, Trouble
from hivemind.releases.targets import NOT_REGISTERED, REGISTERED, TargetHealth, target_health
from hivemind.template.names import colour_of, target_group
from hivemind.template.resource_types import INSTANCE, TARGET_GROUP

if TYPE_CHECKING:
    from hivemind.deploy.state import DeploymentState
    from hivemind.values.cloud import Cloud

STOPPED = frozenset({"stopping", "stopped"})


def with_repairs(cloud: Cloud, snapshot: Snapshot, state: DeploymentState | None) -> Snapshot:
    """The snapshot with what must be repaired, as the cloud says now. Instances that are terminated are taken out of
    it: to be created again, as if they had never been there."""
    if snapshot.status is None or not ids_of(snapshot, INSTANCE):
        return snapshot
    healths = _healths(cloud, snapshot)
    snapshot = replace(snapshot, standing=_standing(snapshot, healths))
    found = tuple(_repairs(cloud, snapshot, state, healths))
    gone = {one.logical_id for one in found if one.trouble is Trouble.TERMINATED}
    resources = {name: part for name, part in snapshot.template["Resources"].items() if name not in gone}
    return replace(
        snapshot,
        template={**snapshot.template, "Resources": resources},
        physical_ids={name: one for name, one in snapshot.physical_ids.items() if name not in gone},
        repairs=found,
    )


def repairs(cloud: Cloud, snapshot: Snapshot, state: DeploymentState | None) -> Iterator[Repair]:
    """Each instance that is not in order, by logical id. state: of the deployment, for what has a release: only a
    service that was released can lack it, or traffic."""
    yield from _repairs(cloud, snapshot, state, _healths(cloud, snapshot))


Healths: TypeAlias = Mapping[str, Mapping[str, TargetHealth]]
"""Logical id of a target group -> EC2 id -> health of that target."""


def _healths(cloud: Cloud, snapshot: Snapshot) -> Healths:
    groups = ids_of(snapshot, TARGET_GROUP)
    return {name: {one.target.instance_id: one for one in target_health(cloud, arn)} for name, arn in groups.items()}


def _standing(snapshot: Snapshot, healths: Healths) -> Mapping[str, Standing]:
    """Which instances serve, of each service behind a load balancer."""
    resources = snapshot.template["Resources"]
    found = {}
    for service in sorted({service_of(resources[name]) for name in ids_of(snapshot, INSTANCE)}):
        group = healths.get(target_group(service))
        if group is not None:
            in_use = {name for name, one in group.items() if one.state in REGISTERED and one.reason != NOT_REGISTERED}
            healthy = {name for name, one in group.items() if one.is_healthy}
            found[service] = standing(service, snapshot, registered=in_use, healthy=healthy)
    return found


def _repairs(cloud: Cloud, snapshot: Snapshot, state: DeploymentState | None, healths: Healths) -> Iterator[Repair]:
    resources = snapshot.template["Resources"]
    ids = ids_of(snapshot, INSTANCE)
    known = states(cloud, ids.values())
    released = state.sources if state else {}
    recorded = set(state.recorded.physical_ids.values()) if state and state.recorded else set()
    for name, instance in ids.items():
        service = service_of(resources[name])
        found: Trouble | None = None
        colour, serves = colour_of(service, name), snapshot.standing.get(service, Standing())
        if known.get(instance) in STOPPED:
            found = Trouble.STOPPED
        elif known.get(instance) not in ALIVE:
            found = Trouble.TERMINATED
        elif colour is not None and colour in serves.resting:
            found = None  # they wait for nothing
        elif colour is not None and colour is serves.coming:
            found = Trouble.EMPTY
        elif service in released:
            group = healths.get(target_group(service))
            found = Trouble.EMPTY if instance not in recorded else _of_target(cloud, instance, group)
        if found is not None:
            yield Repair(service, name, instance, found)


def _of_target(cloud: Cloud, instance: str, group: Mapping[str, TargetHealth] | None) -> Trouble | None:
    """What is wrong with how an instance gets traffic. group: of its service, by instance; None for a worker."""
    if group is None:
        return None
    health = group.get(instance)
    if health is None or health.state not in REGISTERED:
        # Where instances share ports, only the installer knows which one this one has.
        return Trouble.EMPTY if cloud.shares_ports else Trouble.DEREGISTERED
    return Trouble.UNHEALTHY if health.state == "unhealthy" else None
