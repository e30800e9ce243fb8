"""Blue-green: the jobs beside a service move to the instances that serve, and never run on two at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.agents.deployer.preparing import prepared
from hivemind.hosts import remote
from hivemind.plan.model import Action
from hivemind.releases.jobs import job_states
from hivemind.steps.milestones import STACK
from hivemind.steps.step import Step
from hivemind.template.names import colour_of, instance
from hivemind.values.clock import polls
from hivemind.values.errors import Stage

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.hosts.ssh import Host
    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context


def hand_over(service: Service, before: str, first: Host, context: Context) -> None:
    """The instance that ran a service's jobs begins no more, and ends what runs; then the first one of those that serve
    has them. before: EC2 id of that instance. Raises StageError(deploy)."""
    host = prepared(service, before, context)
    remote.clock(host, service.name, on=False)
    longest = max(job.timeout for job in service.jobs)
    for _ in polls(context.deployment.clock, deadline=float(longest)):
        context.check()
        running = [one.name for one in job_states(host, service.name) if one.running]
        if not running:
            break
        context.progress(f"waiting for the end of {', '.join(running)} on {before}")
    remote.clock(first, service.name, on=True)


def resumptions(run: Apply) -> Iterator[Step]:
    """A step for each service with jobs of which instances go that another run left beside those that serve: it may
    have ended while none of them had the jobs."""
    released = {service.name for service, _ in run.releasing()}
    gone = [one.logical_id for one in run.plan.changes if one.action is Action.DELETE]
    for name, service in sorted(run.blueprint.services.items()):
        serving = run.snapshot.physical_ids.get(instance(name, 1, service.colour))
        others = [one for one in gone if colour_of(name, one) not in (None, service.colour)]
        if service.jobs and serving and others and name not in released:
            yield _resumption(service, serving)


def _resumption(service: Service, serving: str) -> Step:
    def resume(context: Context) -> None:
        remote.clock(prepared(service, serving, context), service.name, on=True)

    return Step(f"jobs {service.name}", Stage.DEPLOY, resume, before=(STACK,), message=f"{service.name}: jobs")
