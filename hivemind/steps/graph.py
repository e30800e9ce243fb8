"""Runs steps side by side, on a bounded number of threads.

A step starts when everything that it needs is there: results of other steps, and *events*, which a running step
announces (`Step.provides`) and fulfils while it still runs: so an instance is prepared as soon as the stack's step says
that it exists.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hivemind.deploy.journal import Journal
from hivemind.steps.deployment import Deployment
from hivemind.steps.interrupts import Cancellable, Decide, Interrupt, detach, listening
from hivemind.steps.sorting import by_name, providers_of, sorted_graph
from hivemind.steps.step import Context, End, Failure, Step
from hivemind.values.errors import HiveMindError, Refused, StepCancelled
from hivemind.values.events import EventKind
from hivemind.values.interrupts import OnInterrupt

GRACE = 10.0
"""Seconds that running steps get to end after Ctrl-C."""
LOOK = 0.2
"""Seconds between two looks at whether the run is being ended: of a step that waits for a person's answer, and of the
run itself, which a signal does not wake where it came between two lines."""
Approve = Callable[[Step], Refused | None]
"""Asks a person for the approval that a step wants. None: it is given; else the error that says why it is not."""


@dataclass(frozen=True)
class StepResult:
    """What became of a step. error: what it raised. skipped: an earlier result still held. seconds: it took."""

    step: str
    result: Any = None
    error: BaseException | None = None
    skipped: bool = False
    seconds: float = 0.0


class _Question:
    """An approval that a step waits for. asked: whether it was asked for; not where the run ends before."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.answered = threading.Event()
        self.asked = False
        self.refusal: Refused | None = None


class StepGraph:
    """A graph of steps, run once by `run`. `Step.before` means nothing here: the flow has made `needs` of it.

    earlier: step -> result of an interrupted attempt for the same plan (`journal.interrupted_results`). approve: called
    on the thread of `run`; without it every approval is given. decide: what an interrupt means while a step offers
    to take something back, called on that thread too. workers: most steps that run at once. Raises ValueError for
    unknown needs, doubles and cycles.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        journal: Journal,
        deployment: Deployment,
        *,
        earlier: Mapping[str, Any] | None = None,
        approve: Approve = lambda _: None,
        decide: Decide = detach,
        workers: int = 8,
    ) -> None:
        self.deployment = deployment
        self.cancelled = threading.Event()
        self._failed = threading.Event()
        self.outcomes: dict[str, StepResult] = {}
        self._journal = journal
        self._approve = approve
        self._decide = decide
        self._is_asking = False
        self._offered: dict[str, Cancellable] = {}
        self._canceling: set[str] = set()
        self._closing: list[Callable[[], None]] = []
        self._steps = by_name(steps)
        self._providers = providers_of(self._steps)
        self._earlier = dict(earlier or {})
        self._workers = workers
        self._clock = deployment.clock
        self._values: dict[str, Any] = {}
        self._started: list[str] = []
        self._lock = threading.Lock()
        # A stage's steps can be many, but each reports once: the queue is bounded by their number.
        self._reports: queue.SimpleQueue[tuple[str, StepResult | _Question | Interrupt | None]] = queue.SimpleQueue()
        self._sorter = sorted_graph(self._steps, self._providers)

    def value(self, name: str) -> Any:
        """The result of a finished step or the value of a fulfilled event. Raises KeyError where there is none."""
        with self._lock:
            return self._values[name]

    def fulfil(self, event: str, value: Any = None) -> None:
        """Fulfils an event from any thread. Raises ValueError for one that no step provides."""
        if event not in self._providers:
            raise ValueError(f"no step provides {event!r}")
        with self._lock:
            if event in self._values:
                return
            self._values[event] = value
            self._reports.put((event, None))

    def record(self, step: Step, kind: EventKind, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Writes an event of a step to the journal, with its owner where that is a plugin of others."""
        owner = {"owner": step.owner} if step.owner else {}
        self._journal.record(step.stage, step.name, kind, message, {**owner, **(data or {})})

    def closing(self, close: Callable[[], None]) -> None:
        """Has something closed when the run has ended."""
        with self._lock:
            self._closing.append(close)

    def is_ending(self, step: Step) -> bool:
        """Whether a step should end early: the run is being ended, or what another step does is being taken back."""
        with self._lock:
            return self.cancelled.is_set() or (bool(self._canceling) and step.name not in self._canceling)

    def has_failed(self) -> bool:
        """Whether a step failed whose failure ends the run."""
        return self._failed.is_set()

    def offer(self, step: Step, offered: Cancellable | None) -> None:
        """Notes what a step offers to take back from now on; None: nothing any more."""
        with self._lock:
            self._offered.pop(step.name, None)
            if offered is not None:
                self._offered[step.name] = offered

    @property
    def warnings(self) -> Mapping[str, BaseException]:
        """Step -> what it raised, for failures that did not stop the run."""
        return {name: one.error for name, one in self.outcomes.items() if one.error is not None and self._warns(one)}

    def run(self) -> Mapping[str, Any]:
        """Runs all steps and returns step -> result; None for one that failed with a warning.

        After a failure that stops the run nothing new starts, what runs is let finish, and the earliest error that is
        no consequence is raised with a note for each other one; `outcomes` has them all. When it is interrupted while a
        step offers to take something back, `decide` says what is wanted. Otherwise running steps are asked to end and
        get GRACE seconds, then KeyboardInterrupt is raised; a second interrupt does not wait for them.
        """
        try:
            with listening(lambda interrupt: self._reports.put(("", interrupt)), lambda: self._is_asking):
                results = self._run()
        except BaseException as error:
            try:
                self._finish(End.FAILED if isinstance(error, Exception) else End.INTERRUPTED)
            except Exception as later:  # noqa: BLE001 - what ended the run is what people must be told
                error.add_note(f"also failed, at the end of the run: {later}")
            raise
        self._finish(End.DONE)
        return results

    def _finish(self, end: End) -> None:
        with contextlib.ExitStack() as last:  # calls all, whatever one of them raises
            for close in self._closing:
                last.callback(close)
            for step in map(self._steps.__getitem__, self._started):
                if step.at_end is not None:
                    last.callback(step.at_end, Context(self, step), end)

    def _run(self) -> Mapping[str, Any]:
        ready: list[str] = list(self._sorter.get_ready())
        running: set[str] = set()
        failed: list[StepResult] = []
        try:
            while True:
                self._start(ready, running, halted=bool(failed))
                if not running and self._reports.empty():
                    break
                try:
                    name, report = self._reports.get(timeout=LOOK)
                except queue.Empty:
                    continue  # a signal that came just before the wait is handled now, and not at the next report
                if isinstance(report, Interrupt):
                    self._interrupted(report)
                    continue
                if isinstance(report, _Question):
                    self._ask(report, halted=bool(failed))
                    continue
                self._settle(name, report, running, failed)
                if not failed:
                    ready += self._sorter.get_ready()
        except KeyboardInterrupt:
            self._end(running)
            raise
        if failed:
            raise self._cause(failed)
        self._check_all_ran()
        return MappingProxyType({name: self._values.get(name) for name in self._steps})

    def _ask(self, question: _Question, *, halted: bool) -> None:
        try:
            if not halted:
                with self._asking():
                    question.refusal = self._approve(question.step)
                question.asked = True
        finally:
            question.answered.set()

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """While somebody is asked something, an interrupt ends the question."""
        self._is_asking = True
        try:
            yield
        finally:
            self._is_asking = False

    def _interrupted(self, interrupt: Interrupt) -> None:
        """Raises KeyboardInterrupt where the run is to end now."""
        with self._lock:
            offered = {name: one for name, one in self._offered.items() if one.is_under_way()}
        if not offered:
            raise KeyboardInterrupt
        with self._asking():
            choice = self._decide(tuple(one.offer for one in offered.values()), interrupt)
        if choice is OnInterrupt.DETACH:
            raise KeyboardInterrupt
        for name, one in offered.items() if choice is OnInterrupt.CANCEL else ():
            try:
                words = one.cancel()
            except HiveMindError as error:
                words = f"cannot be canceled: {error.message}"
            else:
                with self._lock:
                    self._canceling.add(name)
            self.record(self._steps[name], EventKind.NOTE, words)

    def _start(self, ready: list[str], running: set[str], *, halted: bool) -> None:
        waiting: list[str] = []
        for name in ready:
            if name in self._providers:
                waiting.append(name)  # an event: settled by `fulfil`, or when its provider ends
            elif halted or len(running) >= self._workers:
                waiting.append(name)
            else:
                running.add(name)
                self._started.append(name)
                threading.Thread(target=self._work, args=(self._steps[name],), name=f"step {name}", daemon=True).start()
        ready[:] = [name for name in waiting if name not in self._providers]

    def _settle(self, name: str, outcome: StepResult | None, running: set[str], failed: list[StepResult]) -> None:
        if outcome is None:
            self._sorter.done(name)
            return
        running.discard(name)
        self.outcomes[name] = outcome
        if outcome.error is not None and not self._warns(outcome):
            failed.append(outcome)
            self._failed.set()
            return
        missing = [event for event in self._steps[name].provides if event not in self._values]
        if missing:
            failed.append(StepResult(name, error=HiveMindError(f"step {name!r} ended without {', '.join(missing)}")))
            return
        self._sorter.done(name)

    def _warns(self, outcome: StepResult) -> bool:
        step = self._steps[outcome.step]
        return step.failure is Failure.WARN and not isinstance(outcome.error, StepCancelled) and not step.provides

    def _work(self, step: Step) -> None:
        start = self._clock.monotonic()
        try:
            outcome = self._earlier_outcome(step) or self._fresh_outcome(step, start)
        except BaseException as error:  # noqa: BLE001 - whatever a step raises is its outcome
            outcome = StepResult(step.name, error=error, seconds=self._clock.monotonic() - start)
            # A full disk, or a journal closed after Ctrl-C, must not keep the run waiting for this report.
            with contextlib.suppress(OSError):
                self._record_failure(step, outcome)
        self._reports.put((step.name, outcome))

    def _earlier_outcome(self, step: Step) -> StepResult | None:
        if step.check is None or step.provides or step.name not in self._earlier:
            return None
        result = self._earlier[step.name]
        if not step.check(result):
            return None
        self._keep(step, result)
        self.record(step, EventKind.SKIPPED, "already done by the interrupted run", {"result": result})
        return StepResult(step.name, result=result, skipped=True)

    def _fresh_outcome(self, step: Step, start: float) -> StepResult:
        self.deployment.held()
        expected = {} if step.estimate is None else {"estimate": round(step.estimate, 1)}
        self.record(step, EventKind.STARTED, step.message or step.name, expected)
        if step.approval:
            self._wait_for_approval(step)
            self.deployment.held()
            start = self._clock.monotonic()
        result = step.run(Context(self, step))
        seconds = self._clock.monotonic() - start
        data: dict[str, Any] = {"seconds": round(seconds, 3)}
        if step.lasting:
            json.dumps(result)  # raises TypeError here, where the step is known, not in the journal
            data["result"] = result
        self._keep(step, result)
        words = step.outcome(result) if step.outcome else step.message or step.name
        self.record(step, EventKind.FINISHED, words, data)
        return StepResult(step.name, result=result, seconds=seconds)

    def _wait_for_approval(self, step: Step) -> None:
        self.record(step, EventKind.PROGRESS, f"waiting for approval: {step.approval}")
        question = _Question(step)
        self._reports.put((step.name, question))
        while not question.answered.wait(LOOK):
            if self.is_ending(step):
                break
        if not question.asked:
            raise StepCancelled(step.name)
        if question.refusal is not None:
            raise question.refusal
        self.record(step, EventKind.PROGRESS, "approved")

    def _keep(self, step: Step, result: Any) -> None:
        with self._lock:
            self._values[step.name] = result

    def _record_failure(self, step: Step, outcome: StepResult) -> None:
        cancelled = isinstance(outcome.error, StepCancelled)
        kind = EventKind.SKIPPED if cancelled else EventKind.FAILED
        message = "cancelled" if cancelled else str(outcome.error) or type(outcome.error).__name__
        warns = {"failure": Failure.WARN.value} if self._warns(outcome) else {}
        self.record(step, kind, message, {"seconds": round(outcome.seconds, 3), **warns})

    def _end(self, running: set[str]) -> None:
        self.cancelled.set()
        deadline = self._clock.monotonic() + GRACE
        while running and (left := deadline - self._clock.monotonic()) > 0:
            try:
                name, report = self._reports.get(timeout=left)
            except queue.Empty:
                return
            if isinstance(report, Interrupt):
                return
            if isinstance(report, StepResult):
                running.discard(name)
                self.outcomes[name] = report

    def _cause(self, failed: list[StepResult]) -> BaseException:
        """The earliest error of a step that stands on nothing of a step which failed, too: where a stack goes back, it
        takes the instances away that others are at work on, and they may notice first."""
        names = {outcome.step for outcome in failed}
        after = {
            name: any(self._providers.get(need, need) in names for need in self._steps[name].needs) for name in names
        }
        return _first(sorted(failed, key=lambda outcome: after[outcome.step]))

    def _check_all_ran(self) -> None:
        left = [name for name in self._steps if name not in self.outcomes]
        if left:
            raise HiveMindError(f"steps that never became ready: {', '.join(sorted(left))}")


def _first(failed: list[StepResult]) -> BaseException:
    errors = [outcome for outcome in failed if outcome.error is not None]
    real = [outcome for outcome in errors if not isinstance(outcome.error, StepCancelled)] or errors
    cause = real[0].error
    if cause is None:
        raise AssertionError("a failed outcome has an error")
    for outcome in real[1:]:
        cause.add_note(f"also failed: {outcome.step}: {outcome.error}")
    return cause
