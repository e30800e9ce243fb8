"""What an apply writes into the deployment's state: its intent, what is deployed, the verdict, or the failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hivemind.deploy.lease import who
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Recorded, Revision, StackInfo
from hivemind.flow.diagnosing import Known, diagnosed
from hivemind.hosts.ssh import Host
from hivemind.releases.deployed import Deployed
from hivemind.releases.variables import marks
from hivemind.steps import milestones
from hivemind.steps.milestones import HEALTH_PATH, RECORD
from hivemind.steps.step import Step
from hivemind.steps.waves import waves
from hivemind.template.former import with_former
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.deploy.stack import StackResult
    from hivemind.flow.run import Run
    from hivemind.releases.release import Verdict
    from hivemind.steps.deployment import Deployment
    from hivemind.steps.graph import StepGraph
    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context


def record_step(run: Apply) -> Step:
    """The flow's own step of an apply: writes down what is deployed as soon as it is, its revision without a verdict.
    After a run that dies while verifying, the next one only verifies."""
    return Step(
        RECORD,
        Stage.REGISTER,
        lambda context: _record(run, context),
        needs=(
            waves(run)[-1].stack,
            HEALTH_PATH,
            milestones.BUILD,
            milestones.UPLOAD,  # the next run, which only verifies, would not make up for a failed one
            milestones.PREPARE,
            milestones.RELEASE,
            milestones.TRAFFIC,
        ),
        message=run.revision,
        outcome=lambda deployed: deployed.revision,
    )


def _record(run: Apply, context: Context) -> Deployed:
    deployment = context.deployment
    stack: StackResult = context[waves(run)[-1].stack]
    releasing = run.releasing()
    blueprint, assembly = run.blueprint, run.assembly
    if any(service.is_web for service, _ in releasing) and (paths := context[HEALTH_PATH]):
        blueprint = blueprint.with_health_paths(paths)
        assembly = deployment.assembled(blueprint)
    built = {service.name: context[milestones.build(service.name)].digest for service, _ in releasing}
    hosts = (context[milestones.prepare(service.name, node.number)] for service, nodes in releasing for node in nodes)
    state = deployment.store.load(deployment.id)
    known = {name: digest for name, digest in state.artifacts.items() if name in blueprint.services}
    deployed = Deployed(
        blueprint=blueprint,
        bindings=assembly.bindings,
        hooks=deployment.hooks,
        cloud=deployment.cloud,
        deployment_id=deployment.id,
        revision=run.revision,
        outputs=stack.outputs,
        key=deployment.key.private,
        known_hosts={**deployment.known_hosts, **host_keys(hosts)},
        artifacts={**known, **built},
        clock=deployment.clock,
    )
    # Instances that are kept as a way back are in the stack, and not in the template that is applied next.
    later = waves(run)[-1].later
    template = with_former(assembly.template, run.snapshot.template, sorted(later)) if later else assembly.template
    present = {
        *stack.physical_ids.values(),
        *(one for each in blueprint.services.values() if each.scaling for one in deployed.instances(each)),
    }
    revision = _revision(run, deployment, deployed.artifacts, assembly.digest)
    deployment.store.change(
        deployment.id,
        lambda state: replace(
            state,
            stack_info=StackInfo(blueprint.stack_name, stack.stack_id, run.region),
            alb_dns_name=stack.outputs.get("ALBDNSName"),
            target_group_arn=stack.outputs.get("TargetGroupArn"),
            artifacts=dict(deployed.artifacts),
            sources={name: source.digest for name, source in run.sources.items()},
            parts={name: source.parts for name, source in run.sources.items()},
            environments=marks(blueprint, assembly.bindings),
            urls=dict(deployed.urls()),
            host_keys={one: key for one, key in deployed.known_hosts.items() if one in present},
            recorded=Recorded(
                stack.status,
                template,
                deployment.parameters,
                stack.outputs,
                stack.physical_ids,
            ),
            revisions=_with(state.revisions, revision),
        ),
    )
    return deployed


def record_start(run: Run) -> None:
    """Writes the intent before the first effect: a run that is killed leaves a state that names its stack."""
    blueprint = run.checked.blueprint
    before = run.store.find(run.deployment_id)
    state = before or DeploymentState(run.deployment_id, DeploymentStatus.PENDING)
    run.store.save(
        replace(
            state,
            status=DeploymentStatus.APPLYING,
            name=blueprint.name,
            environment=blueprint.environment,
            account=run.cloud.account,
            region=run.cloud.region,
            cloud=run.cloud.name,
            endpoint=run.cloud.endpoint,
            checkout=str(run.checked.folder.resolve()),
            deployment_stage=blueprint.stage.value,
            stack_info=StackInfo(blueprint.stack_name, run.apply.snapshot.stack_id, run.cloud.region),
            kept_in=run.kept.address,
            retry_count=state.retry_count + 1 if state.status is DeploymentStatus.FAILED else 0,
        )
    )


def record_verdict(run: Run, verdict: Verdict, seconds: Mapping[str, float], *, ended_well: bool = True) -> None:
    """Completes the revision that `record_step` wrote. seconds: by stage. ended_well: whether all steps did."""
    rounded = {stage: round(value, 2) for stage, value in seconds.items()}

    def completed(state: DeploymentState) -> DeploymentState:
        made = next(one for one in state.revisions if one.number == run.plan.revision)
        return replace(
            state,
            status=DeploymentStatus.DEPLOYED if verdict.good and ended_well else DeploymentStatus.FAILED,
            verification_results=verdict,
            failure_analysis=None,
            revisions=_with(state.revisions, replace(made, verdict=verdict.word, seconds=rounded)),
        )

    run.store.change(run.deployment_id, completed)


def record_failure(run: Run, graph: StepGraph, error: BaseException, known: Known) -> None:
    """Writes down why a run failed, and the host keys that it learned."""
    subject = getattr(error, "subject", None) or next(
        (name for name, outcome in graph.outcomes.items() if outcome.error is error), "apply"
    )
    path = error.path if isinstance(error, StageError) else None
    learned = host_keys(outcome.result for outcome in graph.outcomes.values())
    run.store.update(
        run.deployment_id,
        status=DeploymentStatus.FAILED,
        failure_analysis=diagnosed(error, known, subject=subject, path=path),
        host_keys={**run.deployment.known_hosts, **learned},
    )


def host_keys(results: Iterable[Any]) -> dict[str, str]:
    """Instance id -> SSH host key, of the connections among the results of steps; a group's are several in one."""
    found = (one for result in results for one in (result if isinstance(result, tuple) else (result,)))
    return {one.instance_id: one.host_key for one in found if isinstance(one, Host)}


def _revision(run: Apply, deployment: Deployment, artifacts: Mapping[str, str], template_digest: str) -> Revision:
    provenance = next((source.provenance for source in run.sources.values()), None)
    return Revision(
        number=run.plan.revision,
        time=deployment.clock.now().isoformat(timespec="seconds"),
        artifacts=dict(artifacts),
        sources={name: source.provenance.digest for name, source in run.sources.items()},
        releases={name: source.digest for name, source in run.sources.items()},
        template_digest=template_digest,
        commit=provenance.commit if provenance else None,
        dirty=provenance.dirty if provenance else False,
        subject=provenance.subject if provenance else None,
        by=who(),
    )


def _with(revisions: tuple[Revision, ...], revision: Revision) -> tuple[Revision, ...]:
    return (*(one for one in revisions if one.number != revision.number), revision)
