"""Blue-green: the instances that have the release take the requests over from those that serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.agents.deployer.clocking import hand_over
from hivemind.agents.deployer.preparing import prepared
from hivemind.hosts import remote
from hivemind.plan.colours import of
from hivemind.releases.switch import Switch, baked
from hivemind.template.names import instance
from hivemind.values.errors import StageError

if TYPE_CHECKING:
    from hivemind.releases.rollout import Rollout
    from hivemind.releases.targets import TargetHealth
    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context
    from hivemind.steps.waves import Share

REACHED_BEFORE = 30.0
"""Seconds to reach an instance that has served until now."""


def take_over(run: Apply, share: Share, rollout: Rollout, context: Context) -> tuple[TargetHealth, ...]:
    """Switches a service's requests to the instances of a share; their health. Raises StageError, with the requests
    where they were."""
    deployment, name = context.deployment, share.service.name
    before = deployment.store.load(deployment.id)

    def done() -> None:
        ids = [host.instance_id for host in rollout.hosts]
        deployment.store.took_over(
            deployment.id,
            name,
            source=run.sources[name].digest,
            artifact=rollout.artifact.digest,
            instances=dict(zip((node.logical_id for node in share.nodes), ids, strict=True)),
        )
        context.progress(f"{', '.join(ids)} receive the requests; connections to those before end")

    def undone() -> None:
        deployment.store.update(
            deployment.id, sources=before.sources, artifacts=before.artifacts, recorded=before.recorded
        )

    baked(rollout, share.service.strategy.bake / max(1.0, deployment.cloud.pace))
    healths = Switch(
        deployment.cloud,
        name,
        rollout.target_group_arn or "",
        rollout.targets,
        frozenset(share.before.values()),
        deadline=rollout.deadline,
        clock=deployment.clock,
        tell=rollout.watcher.on_state,
        lines=rollout.last_lines,
        begins=lambda: deployment.store.forget_released(deployment.id, name),
        done=done,
        undone=undone,
    ).run()
    ran = share.before.get(instance(name, 1, of(name, run.snapshot).current))
    if share.service.jobs and rollout.clocked and ran:
        hand_over(share.service, ran, rollout.hosts[0], context)
    _end_sessions(share, context)
    return healths


def _end_sessions(share: Share, context: Context) -> None:
    """Has the application on the instances before end while they still run. What outlasts the drain (WebSockets,
    streams) is closed by the application as it sees fit, within its time-out, and not cut off with its instance.

    Instances that are kept start it again. One that cannot be reached goes as it is.
    """
    service = share.service
    for instance_id in sorted(share.before.values()):
        try:
            host = prepared(service, instance_id, context, deadline=REACHED_BEFORE)
            remote.stop(host, service.name)
            if service.strategy.keep:
                remote.start(host, service.name)
        except StageError as error:
            context.note(f"connections to {instance_id} may be cut off: {error.message}")
