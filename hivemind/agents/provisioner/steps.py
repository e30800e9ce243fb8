"""Provisioner's steps: the stack, and the health check path that the application turns out to answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hivemind.blueprint.model import Service
from hivemind.deploy import final_snapshots
from hivemind.deploy.removal import Deletion
from hivemind.deploy.stack import StackDriver, StackRequest, StackResult
from hivemind.deploy.watch import Ready
from hivemind.plan.model import Action
from hivemind.releases.released import Released
from hivemind.releases.targets import Target, deregister_and_drain
from hivemind.steps import milestones
from hivemind.steps.milestones import HEALTH_PATH, STACK
from hivemind.steps.run import Apply, Destroy
from hivemind.steps.step import Step
from hivemind.template.average_seconds import AVERAGE_SECONDS
from hivemind.template.names import ARTIFACT_BUCKET, target_group
from hivemind.template.resource_types import TARGET_GROUP
from hivemind.values.errors import Stage

if TYPE_CHECKING:
    from hivemind.deploy.events import StackEvent
    from hivemind.steps.step import Context
    from hivemind.template.fragment import Assembly


def steps(run: Apply | Destroy) -> Iterator[Step]:
    """Of an apply: the stack, and the health check path where web services get a release. Of a destroy: the stack's
    deletion, after everything was drained."""
    if isinstance(run, Destroy):
        if run.stack_id is not None:
            yield _deletion(run)
        return
    releasing = run.releasing()
    yield Step(
        STACK,
        Stage.PROVISION,
        lambda context: _apply_stack(run, context),
        provides=tuple(node.event for _, nodes in releasing for node in nodes),
        message=run.blueprint.stack_name,
        outcome=lambda result: _stack_words(run, result),
        estimate=_expected_seconds(run),
    )
    web = [service for service, _ in releasing if service.is_web]
    if web:
        yield Step(
            HEALTH_PATH,
            Stage.REGISTER,
            lambda context: _settle_health_paths(run, web, context),
            needs=(STACK, *(milestones.release(service.name) for service in web)),
            outcome=lambda asked: _health_words(web, asked),
        )


def _apply_stack(run: Apply, context: Context) -> StackResult:
    """Creates or updates the stack, and announces each instance as soon as it exists."""
    waited_for = {node.logical_id: node.event for _, nodes in run.releasing() for node in nodes}

    def ready(logical_id: str, physical_id: str, _: str) -> None:
        # A replaced instance is reported with its old id until the new one exists.
        if logical_id in waited_for and physical_id != run.snapshot.physical_ids.get(logical_id, ""):
            context.fulfil(waited_for[logical_id], physical_id)

    for _, nodes in run.releasing():
        for node in nodes:
            if node.existing:
                context.fulfil(node.event, node.existing)
    if not run.changes_stack:
        return _unchanged(run)
    _drain_leaving(run, context)
    return _drive(run, run.assembly, context, ready=ready, planned=True)


def _drive(
    run: Apply, assembly: Assembly, context: Context, *, ready: Ready = lambda *_: None, planned: bool = False
) -> StackResult:
    """Brings the stack to an assembly, telling how far it is. planned: whether it is the one that the plan shows."""
    deployment = context.deployment
    driver = StackDriver(
        deployment.cloud, clock=deployment.clock, say=context.note, cancelled=lambda: context.cancelled
    )
    total = len(assembly.resources)
    done: set[str] = set()

    def tell(event: StackEvent) -> None:
        if event.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and not event.is_stack:
            done.add(event.logical_id)
        context.progress(f"{len(done)} of {total} resources", **_as_data(event))

    request = StackRequest(
        stack_name=run.blueprint.stack_name,
        body=assembly.text,
        parameters=deployment.parameters,
        owners=assembly.owners,
        protected=run.blueprint.require_clean,
        plan=run.plan if planned else None,
        may_lose=run.may_lose,
        bucket=ARTIFACT_BUCKET,
    )
    return driver.apply(request, on_event=tell, resource_ready=ready)


def _unchanged(run: Apply) -> StackResult:
    """The stack as it is, for an apply that changes nothing in it."""
    snapshot = run.snapshot
    return StackResult(
        stack_id=snapshot.stack_id or "",
        status=snapshot.status or "",
        changed=False,
        outputs=snapshot.outputs,
        physical_ids=snapshot.physical_ids,
        seconds={},
    )


def _drain_leaving(run: Apply, context: Context) -> None:
    """Takes instances that the update removes or replaces out of their load balancer first."""
    leaving = {
        change.logical_id
        for change in run.plan.changes
        if change.type == "AWS::EC2::Instance" and change.action in (Action.DELETE, Action.REPLACE)
    }
    for service in run.blueprint.web_services:
        arn = run.snapshot.physical_ids.get(target_group(service.name))
        prefix = target_group(service.name).removesuffix("TargetGroup") + "Instance"
        going = [
            Target(run.snapshot.physical_ids[one], service.port or 0)
            for one in sorted(leaving)
            if one in run.snapshot.physical_ids and one.removeprefix(prefix).isdigit()
        ]
        if arn and going:
            context.progress(f"draining {len(going)} of {service.name}")
            deregister_and_drain(context.deployment.cloud, arn, going, clock=context.deployment.clock)


def _settle_health_paths(run: Apply, web: Sequence[Service], context: Context) -> dict[str, str]:
    """Where the template guessed a health check path that the application does not answer, corrects the stack."""
    asked: dict[str, str] = {}
    for service in web:
        released: Released = context[milestones.release(service.name)]
        if released.health_path is not None:
            asked[service.name] = released.health_path
    if any(path != "/" for path in asked.values()):
        names = ", ".join(f"{service} {path}" for service, path in sorted(asked.items()))
        context.note(f"health check path that the application answers: {names}")
        blueprint = run.blueprint.with_health_paths(asked)
        _drive(run, context.deployment.assembled(blueprint), context)
    return asked


def _deletion(run: Destroy) -> Step:
    groups = [one.resource.logical_id for one in run.contents if one.resource.type == TARGET_GROUP]
    return Step(
        STACK,
        run.stage,
        lambda context: _delete_stack(run, context),
        needs=tuple(milestones.drain(group) for group in groups),
        message=run.deployment_id,
        outcome=lambda _: "stack deleted",
    )


def _delete_stack(run: Destroy, context: Context) -> Deletion:
    deployment = context.deployment
    gone: set[str] = set()

    def tell(event: StackEvent) -> None:
        if event.status == "DELETE_COMPLETE" and not event.is_stack:
            gone.add(event.logical_id)
        context.progress(f"{len(gone)} of {len(run.contents)} resources", **_as_data(event))

    buckets = tuple(one.resource.physical_id for one in run.contents if one.resource.logical_id == ARTIFACT_BUCKET)
    driver = StackDriver(
        deployment.cloud, clock=deployment.clock, say=context.note, cancelled=lambda: context.cancelled
    )
    deletion = driver.delete(
        run.stack_id or "", on_event=tell, buckets=buckets, unprotect=run.unprotect, stage=run.stage
    )
    if not run.keep_snapshots:
        final_snapshots.drop(deployment.cloud, deletion.snapshots)
    return deletion


def _as_data(event: StackEvent) -> dict[str, str]:
    return {"logical_id": event.logical_id, "type": event.type, "status": event.status, "reason": event.reason}


def _expected_seconds(run: Apply) -> float | None:
    """Seconds that the slowest resource to be created takes on AWS, on average; None where nobody knows."""
    if run.cloud != "aws":
        return None
    created = (change.type for change in run.plan.changes if change.action in (Action.CREATE, Action.REPLACE))
    return max((AVERAGE_SECONDS.get(kind, 0.0) for kind in created), default=0.0) or None


def _stack_words(run: Apply, result: StackResult) -> str:
    name = run.blueprint.stack_name
    return f"{name}  {len(result.seconds)} resources" if result.changed else f"{name}  unchanged"


def _health_words(web: Sequence[Service], asked: Mapping[str, str]) -> str:
    """The path of each web service, found just now or known before."""
    return ", ".join(f"{service.name} {asked.get(service.name) or service.health.path or '/'}" for service in web)
