"""What is wrong with instances that no template tells: compares the cloud with what was released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.deploy.withdrawal import ALIVE, states
from hivemind.flow.status import ids_of, service_of
from hivemind.plan.model import Repair, Snapshot, Trouble
from hivemind.releases.targets import TargetHealth, target_health
from hivemind.template.names import target_group
from hivemind.template.resource_types import INSTANCE, TARGET_GROUP

if TYPE_CHECKING:
    from hivemind.deploy.state import DeploymentState
    from hivemind.values.cloud import Cloud

STOPPED = frozenset({"stopping", "stopped"})
REGISTERED = frozenset({"initial", "healthy", "unhealthy", "unused"})
"""States of a target that is registered; one that drains is not any more."""


def with_repairs(cloud: Cloud, snapshot: Snapshot, state: DeploymentState | None) -> Snapshot:
    """The snapshot with what must be repaired, as the cloud says now. Instances that are terminated are taken out of
    it: to be created again, as if they had never been there."""
    if snapshot.status is None or not ids_of(snapshot, INSTANCE):
        return snapshot
    found = tuple(repairs(cloud, snapshot, state))
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
    resources = snapshot.template["Resources"]
    ids = ids_of(snapshot, INSTANCE)
    known = states(cloud, ids.values())
    groups = ids_of(snapshot, TARGET_GROUP)
    released = state.sources if state else {}
    recorded = set(state.recorded.physical_ids.values()) if state and state.recorded else set()
    healths = {name: {one.target.instance_id: one for one in target_health(cloud, arn)} for name, arn in groups.items()}
    for name, instance in ids.items():
        service = service_of(resources[name])
        found: Trouble | None = None
        if known.get(instance) in STOPPED:
            found = Trouble.STOPPED
        elif known.get(instance) not in ALIVE:
            found = Trouble.TERMINATED
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
