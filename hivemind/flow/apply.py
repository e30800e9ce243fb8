"""Apply: carries out a reviewed plan, from the first effect to the recorded revision."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from hivemind.blueprint.source import keys_of
from hivemind.checks.verifying import ChecksFailed
from hivemind.deploy import shared_key, shared_state
from hivemind.deploy.journal import Journal, interrupted_results, new_attempt, usual_seconds
from hivemind.deploy.shared_journal import JournalCopy
from hivemind.flow.clouds import lost
from hivemind.flow.diagnosing import OWN, Known, explain, signatures_of, words_of
from hivemind.flow.recording import record_failure, record_start, record_verdict
from hivemind.releases.release import Verdict
from hivemind.steps.graph import Approve, StepGraph
from hivemind.steps.interrupts import Decide, detach
from hivemind.steps.milestones import RECORD, VERIFY
from hivemind.steps.step import Step
from hivemind.steps.waves import waves
from hivemind.values.errors import HiveMindError, StageError
from hivemind.values.events import Event, EventKind

if TYPE_CHECKING:
    from hivemind.flow.run import Run
    from hivemind.plugins.calling import PluginError

log = logging.getLogger(__name__)

_BOUNDS = (EventKind.STARTED, EventKind.FINISHED, EventKind.FAILED, EventKind.SKIPPED)
"""Kinds of events that begin or end a step."""


@dataclass(frozen=True)
class Applied:
    """What an apply came to. seconds: by stage. total: seconds from the first stage's start to the last one's end.
    created: number of resources created or changed now. warnings: step -> why it failed, for steps whose failure does
    not stop a run."""

    deployment_id: str
    revision: str
    urls: Mapping[str, str]
    verdict: Verdict
    seconds: Mapping[str, float]
    total: float
    created: int
    warnings: Mapping[str, str]


def apply(
    run: Run,
    listener: Callable[[Event], None],
    approve: Approve = lambda _: None,
    decide: Decide = detach,
) -> Applied:
    """Carries out the plan of a run; the caller holds the lease.

    listener: told every event after it is in the journal. approve: asks a person for the approval that a step wants, on
    the caller's thread. decide: asks them what to do with what is under way when the run is interrupted. Raises
    StageError and whatever else a step raises, after it is recorded; KeyboardInterrupt goes through, with steps asked
    to end.
    """
    seconds = _Stopwatch()
    shared_key.keep(run.cloud, run.folder, run.deployment_id, say=log.warning)
    record_start(run)
    shared_state.push(run.kept.place, run.store, run.deployment_id, log.warning)
    with (
        _heard_out(run),
        JournalCopy(run.kept.place, say=log.warning) as copy,
        Journal(
            run.folder,
            run.deployment_id,
            new_attempt(run.clock),
            listeners=(seconds, lambda event: _notify(run, event), copy, listener),
            clock=run.clock,
        ) as journal,
    ):
        earlier = interrupted_results(run.folder, run.plan.own_digest)
        journal.started(run.plan.own_digest, f"{run.checked.blueprint.stack_name} {run.revision}")
        graph = StepGraph(_estimated(run), journal, run.deployment, earlier=earlier, approve=approve, decide=decide)
        try:
            applied = _carry_out(run, graph, seconds)
        except BaseException as error:
            if isinstance(error, StageError) and error.path:
                error.place = str(run.checked.source.place(keys_of(error.path)))
            gone = lost(run.cloud) if isinstance(error, Exception) else None
            if gone is not None:
                # Whatever failed, failed for that; and there may be nowhere left to write it down.
                with suppress(HiveMindError, OSError):
                    record_failure(run, graph, gone, OWN)
                journal.failed(words_of(gone))
                raise gone from error
            known = _known(run, error)
            explain(error, known)
            record_failure(run, graph, error, known)
            journal.failed(words_of(error))
            _leave_state(run, copy)
            raise
        _leave_state(run, copy)
        journal.finished(f"{applied.revision} is live", {"revision": applied.revision, "verdict": applied.verdict.word})
        return applied


def _leave_state(run: Run, copy: JournalCopy) -> None:
    """For other machines: after a failure, too, as long as there is a stack that has a place for it."""
    state = run.store.find(run.deployment_id)
    outputs = run.apply.snapshot.outputs if state is None or state.recorded is None else state.recorded.outputs
    place = run.kept.now(run.cloud, outputs)
    copy.settle(place)
    shared_state.push(place, run.store, run.deployment_id, log.warning)


def _known(run: Run, error: BaseException) -> Known:
    """What plugins know of failures; after an interrupt none is asked."""
    if not isinstance(error, Exception):
        return OWN
    known, failures = signatures_of(run.checked.plugins)
    _warn(failures)
    return known


def _estimated(run: Run) -> Iterator[Step]:
    """The steps, each with the seconds that it took before."""
    usual = usual_seconds(run.folder)
    for step in run.steps.steps:
        yield replace(step, estimate=usual.get(step.name, step.estimate))


def _carry_out(run: Run, graph: StepGraph, seconds: _Stopwatch) -> Applied:
    try:
        results = graph.run()
    except BaseException:
        checked = _verdict(graph)
        if checked is not None:  # also where another step failed after the checks, or beside them
            record_verdict(run, checked, seconds.by_stage, ended_well=False)
        raise
    verdict: Verdict = results[VERIFY]
    record_verdict(run, verdict, seconds.by_stage)
    return Applied(
        run.deployment_id,
        run.revision,
        results[RECORD].urls(),
        verdict,
        seconds.by_stage,
        seconds.total,
        len(run.plan.touched(one for wave in waves(run.apply) for one in results[wave.stack].seconds)),
        {name: words_of(error) for name, error in graph.warnings.items()},
    )


def _verdict(graph: StepGraph) -> Verdict | None:
    """What the checks of a run said; None where they did not run to their end."""
    ended = graph.outcomes.get(VERIFY)
    if ended is None:
        return None
    return ended.error.verdict if isinstance(ended.error, ChecksFailed) else ended.result


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
    """What plugins did wrong: a line each, and no reason to stop."""
    for problem in problems:
        log.warning("warning: %s", problem.message)


class _Stopwatch:
    """Listens to a run and measures its stages in seconds: each from its first start to its last end."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}

    @property
    def by_stage(self) -> Mapping[str, float]:
        return {stage: self._last[stage] - first for stage, first in self._first.items() if stage in self._last}

    @property
    def total(self) -> float:
        """From the first start of all to the last end of all; stages run side by side."""
        return max(self._last.values(), default=0.0) - min(self._first.values(), default=0.0)

    def __call__(self, event: Event) -> None:
        if event.stage == "attempt" or event.kind not in _BOUNDS:
            return
        at = datetime.fromisoformat(event.time).timestamp()
        self._first.setdefault(event.stage, at)
        if event.kind is not EventKind.STARTED:
            self._last[event.stage] = at
