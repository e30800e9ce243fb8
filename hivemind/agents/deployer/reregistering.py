"""Instances that have their release, but get no traffic: registered with the load balancer again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.deploy.withdrawal import health_deadline
from hivemind.releases.targets import Target, TargetHealth, register, target_health, wait_healthy
from hivemind.steps.milestones import REPAIR, STACK
from hivemind.steps.step import Step
from hivemind.template.names import target_group
from hivemind.values.errors import Stage

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.plan.model import Repair
    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context


def reregistrations(run: Apply) -> Iterator[Step]:
    """A step for each web service with instances that are back, and that get no release in this run."""
    released = {node.logical_id for _, nodes in run.releasing() for node in nodes}
    for service in run.blueprint.web_services:
        repairs = [one for one in run.plan.repairs if one.service == service.name and one.logical_id not in released]
        if repairs:
            yield _step(run, service, repairs)


def _step(run: Apply, service: Service, repairs: list[Repair]) -> Step:
    return Step(
        f"register {service.name} again",
        Stage.REGISTER,
        lambda context: _register(run, service, repairs, context),
        needs=(REPAIR,),
        before=(STACK,),  # which may take others out of service, or fail
        message=service.name,
        outcome=lambda healths: f"{service.name}  {len(healths)} of {len(healths)} healthy",
    )


def _register(run: Apply, service: Service, repairs: list[Repair], context: Context) -> tuple[TargetHealth, ...]:
    cloud = context.deployment.cloud
    arn = run.snapshot.physical_ids.get(target_group(service.name))
    ids = [one.instance for one in repairs if one.logical_id in run.snapshot.physical_ids]
    if arn is None or not ids:
        return ()
    known = {one.target.instance_id: one.target for one in target_health(cloud, arn)}
    wanted = [known.get(one, Target(one, service.port or 0)) for one in ids]
    context.progress(f"registering {', '.join(ids)}")
    register(cloud, arn, wanted)
    return wait_healthy(
        cloud,
        arn,
        wanted,
        deadline=health_deadline(cloud, service),
        clock=context.deployment.clock,
        on_state=lambda health: context.progress(str(health)),
        service=service.name,
    )
