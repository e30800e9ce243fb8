"""Provisioner's steps: the stack, and the health check path that the application turns out to answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.agents.provisioner.mending import mend, needs_mending
from hivemind.agents.provisioner.undoing import undone, unswitched
from hivemind.blueprint.model import DeploymentStage, Service
from hivemind.deploy import final_snapshots
from hivemind.deploy.removal import Deletion
from hivemind.deploy.stack import StackDriver, StackRequest, StackResult
from hivemind.deploy.watch import Ready
from hivemind.deploy.withdrawal import Withdrawal, give_back_after, health_deadline
from hivemind.plan.expected import Chains, created, longest_path
from hivemind.plan.holdings import data_guarded, guards_data
from hivemind.plan.model import Action
from hivemind.releases.released import Released
from hivemind.steps import milestones
from hivemind.steps.milestones import HEALTH_PATH, REPAIR, STACK
from hivemind.steps.run import Apply, Destroy
from hivemind.steps.step import End, Step
from hivemind.steps.waves import Wave, waves
from hivemind.template.capabilities import capabilities
from hivemind.template.former import with_former
from hivemind.template.names import ARTIFACT_BUCKET, colour_of, target_group
from hivemind.template.resource_types import BUCKET, INSTANCE, TARGET_GROUP
from hivemind.values.errors import Stage, StageError

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
    if needs_mending(run):
        yield Step(
            REPAIR,
            Stage.PROVISION,
            lambda context: mend(run, context),
            before=(STACK,),
            message=", ".join(one.logical_id for one in run.plan.repairs),
        )
    planned = waves(run)
    for number, wave in enumerate(planned):
        yield _stack_step(run, wave, planned[number - 1] if number else None)
    last = planned[-1].stack
    web = [service for service, _ in run.releasing() if service.is_web]
    if web:
        yield Step(
            HEALTH_PATH,
            Stage.REGISTER,
            lambda context: _settle_health_paths(run, web, planned[-1], context),
            needs=(last, *(milestones.release(service.name) for service in web)),
            outcome=lambda asked: _health_words(web, asked),
        )


def _stack_step(run: Apply, wave: Wave, before: Wave | None) -> Step:
    """before: the wave whose instances must serve, those of services of which more are to come. None for the first."""
    waits: list[str] = []
    if before is not None:
        coming = {share.service.name for share in wave.shares}
        served = [share for share in before.shares if share.nodes and share.service.name in coming]
        waits = [before.stack, *(share.traffic if share.service.is_web else share.release for share in served)]
    of = f", update {wave.turn.number} of {wave.turn.of}" if wave.turn.of > 1 else ""
    # Made when the step begins, for its end of the run to know it.
    begun = _Begun()
    return Step(
        wave.stack,
        Stage.PROVISION,
        lambda context: _apply_stack(run, wave, context, begun),
        needs=tuple(waits),
        provides=tuple(node.event for share in wave.shares for node in share.nodes),
        message=run.blueprint.stack_name + of,
        outcome=lambda result: _stack_words(run, result) + of,
        estimate=_expected_seconds(run),
        at_end=lambda context, end: None if end is End.DONE else _at_end(run, wave, context, end, begun),
    )


@dataclass(frozen=True)
class _Begun:
    """What a wave's step has begun, for its end of the run. withdrawals: what it took out of service. made: what came
    of its update."""

    withdrawals: list[Withdrawal] = field(default_factory=list)
    made: list[StackResult] = field(default_factory=list)


def _at_end(run: Apply, wave: Wave, context: Context, end: End, begun: _Begun) -> None:
    """After a run that failed or was interrupted: what is still out of service is brought back before it ends. After a
    failure, new instances that have not taken over go; after an interrupt they stay for the next apply."""
    for withdrawal in begun.withdrawals:
        withdrawal.give_back()
    if begun.made and end is End.FAILED and not run.keeps:
        services = unswitched(run, wave, context.deployment.cloud)
        if services:
            names = ", ".join(services)
            context.note(f"removing the new instances of {names}; those before serve")
            _drive(run, undone(run, wave, services, context), context)


def _apply_stack(run: Apply, wave: Wave, context: Context, begun: _Begun) -> StackResult:
    """Creates or updates the stack, and announces each instance as soon as it exists."""
    nodes = [node for share in wave.shares for node in share.nodes]
    moved = {one for share in wave.shares for one in share.moved}
    waited_for = {node.logical_id: node.event for node in nodes}

    def ready(logical_id: str, physical_id: str, _: str) -> None:
        # A replaced instance is reported with its old id until the new one exists.
        if logical_id in waited_for and physical_id != run.snapshot.physical_ids.get(logical_id, ""):
            context.fulfil(waited_for[logical_id], physical_id)

    for node in nodes:
        if node.existing and node.logical_id not in moved:
            context.fulfil(node.event, node.existing)
    if not run.changes_stack:
        return _unchanged(run)

    def tell(line: str) -> None:
        context.progress(line)

    cloud = context.deployment.cloud
    deadline = health_deadline(cloud, *run.blueprint.web_services)
    withdrawal = Withdrawal(cloud, deadline=deadline, clock=context.deployment.clock, tell=tell)
    begun.withdrawals.append(withdrawal)
    try:
        _take_out(run, wave, context, withdrawal)
        result = _drive(
            run,
            _interim(run, run.assembly, wave),
            context,
            ready=ready,
            planned=True,
            whole=wave.turn.of == 1 and not wave.later,
        )
    except BaseException as error:
        give_back_after(error, withdrawal, wait=not context.cancelled)
        raise
    begun.made.append(result)
    for node in nodes:  # also one that CloudFormation changed in place after all
        context.fulfil(node.event, result.physical_ids[node.logical_id])
    if ill := withdrawal.give_back():
        names = "; ".join(map(str, ill))
        raise StageError(
            Stage.REGISTER,
            f"not healthy after the update of the stack: {names}",
            hint="`hivemind logs` shows the application's logs. Then apply again.",
        )
    return result


def _interim(run: Apply, final: Assembly, wave: Wave) -> Assembly:
    """The template of a wave: instances of later waves are as they are."""
    if not wave.later:
        return final
    template = with_former(final.template, run.snapshot.template, sorted(wave.later))
    return replace(final, template=MappingProxyType(template))


def _take_out(run: Apply, wave: Wave, context: Context, withdrawal: Withdrawal) -> None:
    """Takes instances that the update removes, replaces or stops out of their load balancer first."""
    deleted = {
        change.logical_id
        for change in run.plan.changes
        if change.type == INSTANCE and change.action is Action.DELETE and wave.turn.number == 1
    } - wave.later
    ids = run.snapshot.physical_ids
    shares = {share.service.name: share for share in wave.shares}
    for service in run.blueprint.web_services:
        arn, share = ids.get(target_group(service.name)), shares.get(service.name)
        leaving = {one for one in deleted if colour_of(service.name, one)}
        leaving |= share.replaced | share.leaving if share else set()
        stopped = share.stopped if share else frozenset()
        for going, coming_back in ((leaving, False), (stopped, True)):
            instances = {ids[one] for one in going if one in ids}
            if arn and instances:
                context.progress(f"taking {len(instances)} of {service.name} out of service")
                withdrawal.take_out(arn, instances, coming_back=coming_back)


def _drive(
    run: Apply,
    assembly: Assembly,
    context: Context,
    *,
    ready: Ready = lambda *_: None,
    planned: bool = False,
    whole: bool = False,
) -> StackResult:
    """Brings the stack to an assembly, telling how far it is. planned: whether it is the one that the plan shows.
    whole: whether it is all of that."""
    deployment = context.deployment
    driver = StackDriver(
        deployment.cloud, clock=deployment.clock, say=context.note, cancelled=lambda: context.cancelled
    )
    total = len(assembly.resources)
    done: set[str] = set()
    chains = Chains(assembly.template, created(run.plan) if run.cloud == "aws" else (), run.usual)

    def tell(event: StackEvent) -> None:
        if event.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and not event.is_stack:
            done.add(event.logical_id)
        seconds, path = chains.expected(event.logical_id), [name for name, _ in chains.longest(done)]
        timing = {} if seconds is None else {"expected": seconds, "path": path}
        context.progress(f"{len(done)} of {total} resources", **_as_data(event), **timing)

    declared = assembly.template.get("Parameters", {})
    former = {name: value for name, value in run.snapshot.parameters.items() if name in declared}
    request = StackRequest(
        stack_name=run.blueprint.stack_name,
        body=assembly.text,
        parameters={**former, **deployment.parameters},
        owners=assembly.owners,
        protected=_is_protected(run),
        plan=run.plan if planned else None,
        whole=whole,
        may_lose=run.may_lose,
        skip_rollback=run.skip_rollback,
        bucket=ARTIFACT_BUCKET,
        capabilities=capabilities(assembly.template),
        role_arn=run.blueprint.role_arn,
        guarded=data_guarded(assembly.template) if guards_data(run.blueprint, run.cloud) else None,
    )
    made = run.snapshot.stack_id is not None
    what = f"the {'update' if made else 'creation'} of the stack {request.stack_name}"
    then = "takes the update back" if made else "deletes what was created"
    with context.cancellable(what, then, lambda: driver.is_under_way, driver.cancel):
        return driver.apply(request, on_event=tell, resource_ready=ready)


def _is_protected(run: Apply) -> bool:
    """Whether the stack gets termination protection: production on AWS does; on the local cloud, production that is
    written down as such, with what else holds for it."""
    production = run.blueprint.stage is DeploymentStage.PRODUCTION
    return production and (run.cloud == "aws" or run.blueprint.require_clean)


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


def _settle_health_paths(run: Apply, web: Sequence[Service], last: Wave, context: Context) -> dict[str, str]:
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
        _drive(run, _interim(run, context.deployment.assembled(blueprint), last), context)
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

    # CloudFormation deletes no bucket with objects in it. Whoever agreed to this was told that they are lost.
    buckets = tuple(one.resource.physical_id for one in run.contents if one.resource.type == BUCKET and not one.kept)
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
    """Seconds that the longest chain of resources to be created takes on AWS, about; None where nobody knows."""
    if run.cloud != "aws":
        return None
    return sum(seconds for _, seconds in longest_path(run.assembly.template, created(run.plan), run.usual)) or None


def _stack_words(run: Apply, result: StackResult) -> str:
    name = run.blueprint.stack_name
    if not result.changed:
        return f"{name}  unchanged"
    number = len(run.plan.touched(result.seconds))
    return f"{name}  {number} resource{'s' if number != 1 else ''}"


def _health_words(web: Sequence[Service], asked: Mapping[str, str]) -> str:
    """The path of each web service, found just now or known before."""
    return ", ".join(f"{service.name} {asked.get(service.name) or service.health.path or '/'}" for service in web)
