"""What a running step sees: results of what it needs, the deployment, a voice in the journal, the wish to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hivemind.steps.step import Step
from hivemind.values.errors import StepCancelled
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.steps.deployment import Deployment
    from hivemind.steps.graph import StepGraph


class Context:
    """Handed to `Step.run`. Its methods may be called from any thread."""

    def __init__(self, graph: StepGraph, step: Step) -> None:
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
        """The deployment that the run is at work on."""
        return self._graph.deployment

    @property
    def cancelled(self) -> bool:
        """Whether the run is being ended; a long step looks now and then and leaves cleanly."""
        return self._graph.cancelled.is_set()

    def check(self) -> None:
        """Raises StepCancelled when the run is being ended."""
        if self.cancelled:
            raise StepCancelled(self._step.name)

    def progress(self, message: str, **data: Any) -> None:
        """Says how far the step is."""
        self._graph.record(self._step, EventKind.PROGRESS, message, data)

    def note(self, message: str, **data: Any) -> None:
        """Says something that a person should know afterwards."""
        self._graph.record(self._step, EventKind.NOTE, message, data)

    def fulfil(self, event: str, value: Any = None) -> None:
        """Reaches an event that the step `provides`; a second time changes nothing."""
        self._graph.fulfil(event, value)

    def closing(self, close: Callable[[], None]) -> None:
        """Has something closed when the run has ended: a connection that later steps use, too."""
        self._graph.closing(close)
