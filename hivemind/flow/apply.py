"""Apply: carries out a reviewed plan, from the first effect to the recorded revision."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hivemind.deploy.diagnosis import Diagnosis, diagnose
from hivemind.deploy.journal import Journal, interrupted_results, new_attempt
from hivemind.deploy.lease import Lease
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Recorded, Revision, StackInfo
from hivemind.deploy.steps import StepGraph
from hivemind.flow.build_instances import Builds
from hivemind.flow.checking import keys_of, with_health_paths
from hivemind.flow.deployed import Standing, refuse_bad
from hivemind.flow.graph import HEALTH_PATH, STACK, hosts_of, steps
from hivemind.plugins.patience import WAITING
from hivemind.releases.release import CheckResult, CheckStatus, Verdict
from hivemind.values.errors import HiveMindError, Stage, StageError
from hivemind.values.events import Event, EventKind

if TYPE_CHECKING:
    from hivemind.deploy.stack import StackResult
    from hivemind.flow.run import Run
    from hivemind.plugins.calling import PluginError
    from hivemind.values.artifact import Artifact

log = logging.getLogger(__name__)

VERIFY = "verify"


@dataclass(frozen=True)
class Applied:
    """What an apply came to. seconds: by stage. created: number of resources created or changed now."""

    deployment_id: str
    revision: str
    urls: Mapping[str, str]
    verdict: Verdict
    seconds: Mapping[str, float]
    created: int


def apply(run: Run, lease: Lease, listener: Callable[[Event], None]) -> Applied:
    """Carries out the plan of a run under a held lease.

    listener: told every event after it is in the journal. Raises StageError and whatever else a step raises,
    after it is recorded; KeyboardInterrupt goes through, with steps asked to end.
    """
    seconds = _Stopwatch()
    _record_start(run)
    listeners = (seconds, lambda event: _notify(run, event), listener)
    with (
        _heard_out(run),
        Journal(run.folder, run.deployment_id, new_attempt(run.clock), listeners=listeners, clock=run.clock) as journal,
    ):
        earlier = interrupted_results(run.folder, run.plan.digest)
        journal.started(run.plan.digest, f"{run.checked.blueprint.stack_name} {run.revision}")
        builds = Builds(run, lease, journal)
        graph = StepGraph(steps(run, builds), journal, earlier=earlier, before_each=lease.check, clock=run.clock)
        try:
            applied = _carry_out(run, graph, journal, seconds)
            builds.close(interrupted=False)
        except BaseException as error:
            builds.close(interrupted=not isinstance(error, Exception))
            if isinstance(error, StageError) and error.path:
                error.place = str(run.checked.source.place(keys_of(error.path)))
            _record_failure(run, graph, error)
            journal.failed(_words(error))
            raise
        finally:
            for host in hosts_of({name: outcome.result for name, outcome in graph.outcomes.items()}).values():
                host.close()
        journal.finished(f"{applied.revision} is live", {"revision": applied.revision, "verdict": applied.verdict.word})
        return applied


def _carry_out(run: Run, graph: StepGraph, journal: Journal, seconds: _Stopwatch) -> Applied:
    results = graph.run()
    stack: StackResult = results[STACK]
    run = replace(run, checked=with_health_paths(run.checked, results.get(HEALTH_PATH) or {}))
    artifacts = {**_recorded_artifacts(run), **_artifacts(results)}
    hosts = {one: host.host_key for one, host in hosts_of(results).items()}
    standing = Standing(
        run.checked,
        run.cloud,
        run.deployment_id,
        run.revision,
        stack.outputs,
        run.key.private,
        {**run.known_hosts, **hosts},
        artifacts,
        run.clock,
    )
    _record_release(run, standing, stack)
    verdict = _verify(standing, journal)
    _record_revision(run, standing, verdict, seconds.by_stage)
    refuse_bad(verdict)
    return Applied(run.deployment_id, run.revision, standing.urls(), verdict, seconds.by_stage, len(stack.seconds))


def _verify(standing: Standing, journal: Journal) -> Verdict:
    journal.record(VERIFY, VERIFY, EventKind.STARTED, "checks")
    began = standing.clock.monotonic()

    def show(result: CheckResult) -> None:
        kind = EventKind.PROGRESS if result.status is CheckStatus.PASSED else EventKind.NOTE
        data = {"check": result.name, "status": result.status.value, "milliseconds": round(result.milliseconds, 1)}
        journal.record(VERIFY, VERIFY, kind, f"{result.name}: {result.message}", data)

    telling = WAITING.set(lambda text: journal.record(VERIFY, VERIFY, EventKind.NOTE, text))
    try:
        verdict = standing.verify(show)
    finally:
        WAITING.reset(telling)
    passed = sum(result.status is CheckStatus.PASSED for result in verdict.results)
    message = f"{passed} of {len(verdict.results)} checks"
    kind = EventKind.FINISHED if verdict.good else EventKind.FAILED
    journal.record(VERIFY, VERIFY, kind, message, {"seconds": round(standing.clock.monotonic() - began, 3)})
    return verdict


def _notify(run: Run, event: Event) -> None:
    _warn(run.checked.plugins.notify(event))


@contextmanager
def _heard_out(run: Run) -> Iterator[None]:
    """Ends when the listeners of plugins have heard what happened within it."""
    try:
        yield
    finally:
        _warn(run.checked.plugins.flush())


def _warn(problems: Iterable[PluginError]) -> None:
    """What listeners did wrong: a line each, and no reason to stop."""
    for problem in problems:
        log.warning("warning: %s", problem.message)


def _record_start(run: Run) -> None:
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
            stack_info=StackInfo(blueprint.stack_name, run.snapshot.stack_id, run.cloud.region),
            retry_count=state.retry_count + 1 if state.status is DeploymentStatus.FAILED else 0,
        )
    )


def _record_release(run: Run, standing: Standing, stack: StackResult) -> None:
    """Records what stands as soon as it stands, its revision without a verdict: after a run that dies while
    verifying, the next one only verifies."""
    outputs = stack.outputs
    revision = _revision(run, standing)
    run.store.change(
        run.deployment_id,
        lambda state: replace(
            state,
            stack_info=StackInfo(run.checked.blueprint.stack_name, stack.stack_id, run.cloud.region),
            alb_dns_name=outputs.get("ALBDNSName"),
            target_group_arn=outputs.get("TargetGroupArn"),
            artifacts=dict(standing.artifacts),
            sources={name: source.digest for name, source in run.sources.items()},
            parts={name: source.parts for name, source in run.sources.items()},
            urls=dict(standing.urls()),
            host_keys={one: key for one, key in standing.known_hosts.items() if one in stack.physical_ids.values()},
            recorded=Recorded(
                stack.status,
                run.checked.assembly.template,
                run.parameters,
                outputs,
                stack.physical_ids,
            ),
            revisions=_with(state.revisions, revision),
        ),
    )


def _record_revision(run: Run, standing: Standing, verdict: Verdict, seconds: Mapping[str, float]) -> None:
    rounded = {stage: round(value, 2) for stage, value in seconds.items()}
    revision = replace(_revision(run, standing), verdict=verdict.word, seconds=rounded)
    run.store.change(
        run.deployment_id,
        lambda state: replace(
            state,
            status=DeploymentStatus.DEPLOYED if verdict.good else DeploymentStatus.FAILED,
            verification_results=verdict,
            failure_analysis=None,
            revisions=_with(state.revisions, revision),
        ),
    )


def _revision(run: Run, standing: Standing) -> Revision:
    provenance = next((source.provenance for source in run.sources.values()), None)
    return Revision(
        number=run.plan.revision,
        time=run.clock.now().isoformat(timespec="seconds"),
        artifacts=dict(standing.artifacts),
        sources={name: source.provenance.digest for name, source in run.sources.items()},
        template_digest=run.checked.assembly.digest,
        commit=provenance.commit if provenance else None,
        dirty=provenance.dirty if provenance else False,
        subject=provenance.subject if provenance else None,
    )


def _with(revisions: tuple[Revision, ...], revision: Revision) -> tuple[Revision, ...]:
    return (*(one for one in revisions if one.number != revision.number), revision)


def _record_failure(run: Run, graph: StepGraph, error: BaseException) -> None:
    subject = getattr(error, "subject", None) or next(
        (name for name, outcome in graph.outcomes.items() if outcome.error is error), "apply"
    )
    path = error.path if isinstance(error, StageError) else None
    run.store.update(
        run.deployment_id,
        status=DeploymentStatus.FAILED,
        failure_analysis=_diagnosis(error, subject, path),
        host_keys={
            **run.known_hosts,
            **{one: host.host_key for one, host in hosts_of({n: o.result for n, o in graph.outcomes.items()}).items()},
        },
    )


def _diagnosis(error: BaseException, subject: str, path: str | None) -> Diagnosis:
    """By the cloud's own words where it was the cloud that refused; else by ours, with the application's lines."""
    if isinstance(error, KeyboardInterrupt):
        return Diagnosis("interrupted", "interrupted", "hivemind apply goes on where it stopped.", subject=subject)
    if not isinstance(error, StageError) or not error.lines:
        return diagnose(subject, _words(error), path=path)
    cause = error.lines[0] if error.stage is Stage.PROVISION else _words(error)
    diagnosis = diagnose(subject, cause, path=path)
    return replace(diagnosis, quotes=error.lines, remediation=error.hint or diagnosis.remediation)


def _recorded_artifacts(run: Run) -> Mapping[str, str]:
    state = run.store.find(run.deployment_id)
    known = state.artifacts if state else {}
    return {name: digest for name, digest in known.items() if name in run.checked.blueprint.services}


def _artifacts(results: Mapping[str, Any]) -> dict[str, str]:
    built: list[Artifact] = [value for name, value in results.items() if name.startswith("build ")]
    return {artifact.service: artifact.digest for artifact in built}


def _words(error: BaseException) -> str:
    if isinstance(error, HiveMindError):
        return error.message
    return str(error) or ("interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__)


class _Stopwatch:
    """Listens to a run and adds up seconds by stage: from a stage's first start to its last end."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._spans: dict[str, float] = defaultdict(float)

    @property
    def by_stage(self) -> Mapping[str, float]:
        return {stage: span for stage, span in self._spans.items() if stage in self._first}

    def __call__(self, event: Event) -> None:
        from datetime import datetime

        at = datetime.fromisoformat(event.time).timestamp()
        if event.stage == "attempt":
            return
        first = self._first.setdefault(event.stage, at)
        self._spans[event.stage] = max(self._spans[event.stage], at - first)
