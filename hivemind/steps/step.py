"""A Step: one piece of work of a run, contributed by a plugin; and its Context: what it sees while it runs."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hivemind.steps.interrupts import Cancellable
from hivemind.values.errors import Stage, StepCancelled
from hivemind.values.events import EventKind
from hivemind.values.interrupts import Offer

if TYPE_CHECKING:
    from hivemind.steps.deployment import Deployment

DEADLINE = 3600.0
"""Seconds that a third party's step may take, where it names no others."""


class Failure(enum.StrEnum):
    """What a failure of a step means: `stop` ends the run as failed; `warn` is reported and the run continues."""

    STOP = "stop"
    WARN = "warn"


class End(enum.StrEnum):
    """How a run ended, for steps that have something to take away then."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Step:
    """One idempotent piece of work.

    name: unique in the run; it is a milestone that other steps can name. stage: the stage that the step belongs to; a
    failure of the step is a failure of that stage. run: gets a Context; its return value is the step's result. needs:
    milestones that must be reached first. before: milestones that wait for this step. failure: what a failure means.
    approval: a question that a person must answer with yes before the step starts; empty: no question. message: what
    the step is about, shown when it starts. outcome: makes the text of the result. deadline: seconds that the step may
    take; not enforced for built-in agents, which limit each wait themselves. estimate: expected seconds, None if
    unknown.

    For more complex steps: provides: events that the step fulfils while it runs. check: whether the result of an
    interrupted attempt still holds (ask the cloud or the host, never assume); without it, the step always runs.
    lasting: whether the journal keeps the result, which must then be JSON data. at_end: called once after the run, if
    the step was started, whatever the outcome, with the context and how the run ended. owner: the plugin; the flow
    fills it in.
    """

    name: str
    stage: Stage
    run: Callable[[Context], Any]
    needs: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    failure: Failure = Failure.STOP
    approval: str = ""
    message: str = ""
    outcome: Callable[[Any], str] | None = None
    deadline: float = DEADLINE
    estimate: float | None = None
    provides: tuple[str, ...] = ()
    check: Callable[[Any], bool] | None = None
    lasting: bool = False
    at_end: Callable[[Context, End], None] | None = None
    owner: str = ""


class Reach(Protocol):
    """What a Context reaches of the run. `hivemind.steps.graph.StepGraph` is one."""

    deployment: Deployment

    def value(self, name: str) -> Any: ...
    def record(self, step: Step, kind: EventKind, message: str, data: Mapping[str, Any] | None = None) -> None: ...
    def fulfil(self, event: str, value: Any = None) -> None: ...
    def closing(self, close: Callable[[], None]) -> None: ...
    def is_ending(self, step: Step) -> bool: ...
    def has_failed(self) -> bool: ...
    def offer(self, step: Step, offered: Cancellable | None) -> None: ...


class Context:
    """What `Step.run` gets. Its methods may be called from any thread."""

    def __init__(self, graph: Reach, step: Step) -> None:
        self._graph = graph
        self._step = step

    def __getitem__(self, name: str) -> Any:
        """The value of a milestone that this step needs. Raises KeyError for others, and for one whose step failed
        with a warning."""
        if name not in self._step.needs:
            raise KeyError(f"step {self._step.name!r} does not need {name!r}")
        return self._graph.value(name)

    @property
    def deployment(self) -> Deployment:
        """The deployment that the run works on."""
        return self._graph.deployment

    @property
    def cancelled(self) -> bool:
        """Whether the run is ending. A long step checks this now and then, and ends cleanly."""
        return self._graph.is_ending(self._step)

    @property
    def futile(self) -> bool:
        """Whether the run ends without what this step waits for: it is ending, or another step failed. What waits for
        others gives up then; what is at work goes on to its end."""
        return self.cancelled or self._graph.has_failed()

    def check(self) -> None:
        """Raises StepCancelled if the run is ending."""
        if self.cancelled:
            raise StepCancelled(self._step.name)

    def progress(self, message: str, **data: Any) -> None:
        """Reports how far the step is."""
        self._graph.record(self._step, EventKind.PROGRESS, message, data)

    def note(self, message: str, **data: Any) -> None:
        """Reports something that a person should know afterwards."""
        self._graph.record(self._step, EventKind.NOTE, message, data)

    def fulfil(self, event: str, value: Any = None) -> None:
        """Reaches an event that the step `provides`. A second call changes nothing."""
        self._graph.fulfil(event, value)

    @contextmanager
    def cancellable(
        self, what: str, then: str, is_under_way: Callable[[], bool], cancel: Callable[[], str]
    ) -> Iterator[None]:
        """Offers, for as long as this lasts, to take back what the step is doing, should somebody press Ctrl-C.

        what: a noun, such as `the update of the stack shop-production`. then: what taking it back does, a clause that
        begins with a verb. is_under_way: whether there is something to take back now. cancel: begins it, from any
        thread, and returns what happens now, a sentence; the step then ends by itself, as failed.
        """
        self._graph.offer(self._step, Cancellable(Offer(what, then), is_under_way, cancel))
        try:
            yield
        finally:
            self._graph.offer(self._step, None)

    def closing(self, close: Callable[[], None]) -> None:
        """Closes something when the run ends, such as a connection that later steps also use."""
        self._graph.closing(close)
