"""Puts the instances right that somebody stopped or terminated, before the stack is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hivemind.deploy.stack import StackDriver, StackRequest
from hivemind.deploy.withdrawal import states
from hivemind.plan.holdings import data_guarded, guards_data
from hivemind.plan.model import Trouble
from hivemind.template.capabilities import capabilities
from hivemind.template.former import without
from hivemind.template.names import ARTIFACT_BUCKET
from hivemind.template.render import as_json
from hivemind.values.errors import Stage, StageError
from hivemind.values.poller import poller

if TYPE_CHECKING:
    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context

START_DEADLINE = 300.0
"""Seconds for a stopped instance to run again."""


def needs_mending(run: Apply) -> bool:
    """Whether an instance is stopped or terminated."""
    troubles = {one.trouble for one in (*run.snapshot.repairs, *run.plan.repairs)}
    return bool(troubles & {Trouble.TERMINATED, Trouble.STOPPED})


def mend(run: Apply, context: Context) -> None:
    """Starts instances that are stopped. Takes those that are terminated out of the stack, which does not know: the
    update that follows creates them again, since the plan is made as if they had never been there."""
    gone = {one.logical_id: one.instance for one in run.snapshot.repairs if one.trouble is Trouble.TERMINATED}
    if gone:
        _forget(run, gone, context)
    stopped = {one.instance for one in run.plan.repairs if one.trouble is Trouble.STOPPED}
    if stopped:
        _start(stopped, context)


def _forget(run: Apply, gone: dict[str, str], context: Context) -> None:
    deployment, snapshot = context.deployment, run.snapshot
    context.progress(f"taking {', '.join(sorted(gone))} out of the stack: terminated")
    driver = StackDriver(
        deployment.cloud, clock=deployment.clock, say=context.note, cancelled=lambda: context.cancelled
    )
    rest = without(snapshot.template, gone)
    driver.apply(
        StackRequest(
            stack_name=run.blueprint.stack_name,
            body=as_json(rest),
            parameters=snapshot.parameters,
            owners=run.assembly.owners,
            bucket=ARTIFACT_BUCKET,
            capabilities=capabilities(rest),
            role_arn=run.blueprint.role_arn,
            # The stack policy as it will be: it must not guard an instance that does not exist any more.
            guarded=data_guarded(rest) if guards_data(run.blueprint, run.cloud) else None,
        )
    )


def _start(instances: set[str], context: Context) -> None:
    """Starts instances and waits until they run."""
    cloud, clock = context.deployment.cloud, context.deployment.clock
    context.progress(f"starting {', '.join(sorted(instances))}")
    waiting = set(instances)
    now: Mapping[str, str] = {}
    everything = frozenset(instances)
    looks = poller(cloud, clock).answers(
        ("instances", everything), lambda: states(cloud, everything), deadline=START_DEADLINE
    )
    for now in looks:
        context.check()
        # One that still stops can't be started yet.
        ready = sorted(one for one in waiting if now.get(one) == "stopped")
        if ready:
            cloud.client("ec2").start_instances(InstanceIds=ready)
        waiting = {one for one in waiting if now.get(one) != "running"}
        if not waiting:
            return
    names = ", ".join(f"{one} ({now.get(one, 'gone')})" for one in sorted(waiting))
    raise StageError(Stage.PROVISION, f"stopped instances do not start: {names}", hint="Apply again.")
