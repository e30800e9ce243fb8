"""Restarts the application of a deployment, one instance after another."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import read
from hivemind.blueprint.model import Health
from hivemind.deploy.lease import acquire
from hivemind.deploy.shared_lease import shared
from hivemind.deploy.withdrawal import health_deadline_of
from hivemind.flow.deployments import require
from hivemind.flow.instances import instances, open_host
from hivemind.flow.refreshing import place_of
from hivemind.flow.status import ids_of
from hivemind.hosts import remote
from hivemind.releases import groups
from hivemind.releases.in_turn import InTurn
from hivemind.template.names import scaling_group, target_group
from hivemind.template.resource_types import SCALING_GROUP, TARGET_GROUP
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.deploy.lease import Holder
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import Face
    from hivemind.flow.instances import Chosen
    from hivemind.hosts.ssh import Host
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud

COMMAND = "hivemind restart"


def restart(asked: Asked, face: Face, service: str | None, *, wait: float = 0.0) -> tuple[Chosen, ...]:
    """Restarts the current release of a deployment, or of one of its services, on each running instance, with
    the variables and secrets that it was released with. Returns the instances.

    wait: seconds for another run to end. Raises DeploymentNotFound, DeploymentLocked, CloudUnreachable, StageError.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    cloud = known.cloud()

    def waiting(holder: Holder) -> None:
        face.note(f"Waiting for {holder}")

    with (
        acquire(known.folder, command=COMMAND, wait=wait, on_wait=waiting),
        shared(place_of(known, cloud), command=COMMAND, wait=wait, on_wait=waiting),
    ):
        chosen = instances(known, service)
        snapshot = read(cloud, known.stack)
        balanced, scaled = ids_of(snapshot, TARGET_GROUP), ids_of(snapshot, SCALING_GROUP)
        for name in sorted({one.service for one in chosen}):
            mine = [one for one in chosen if one.service == name]
            with groups.held(cloud, scaled.get(scaling_group(name))):
                _in_turn(known, cloud, mine, balanced.get(target_group(name)), face)
    return chosen


def _in_turn(known: Known, cloud: Cloud, chosen: list[Chosen], arn: str | None, face: Face) -> None:
    numbers = {one.instance: one for one in chosen}

    def tell(instance: str, what: str) -> None:
        one = numbers[instance]
        face.note(f"{one.service} {one.number} ({instance}): {what}")

    turn = InTurn(cloud, chosen[0].service, arn, deadline_of(cloud, arn), tell)
    with ExitStack() as open_hosts:
        turn.each([open_hosts.enter_context(open_host(known, one)) for one in chosen], lambda host: _again(host, turn))


def _again(host: Host, turn: InTurn) -> None:
    current = remote.status(host, turn.service).get("current")
    if not isinstance(current, str):
        raise StageError(
            Stage.DEPLOY,
            f"{turn.service} on {host.instance_id} has no release",
            subject=turn.service,
            hint="`hivemind apply` brings it there.",
        )
    remote.rollback(host, turn.service, current)


def deadline_of(cloud: Cloud, arn: str | None) -> float:
    """Seconds for a target of a group to become healthy, by the health check that the group has; arn: None for none."""
    if arn is None:
        return health_deadline_of(cloud)
    found: Mapping[str, int] = cloud.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    return health_deadline_of(
        cloud,
        Health(
            interval=found["HealthCheckIntervalSeconds"],
            timeout=found["HealthCheckTimeoutSeconds"],
            healthy=found["HealthyThresholdCount"],
        ),
    )
