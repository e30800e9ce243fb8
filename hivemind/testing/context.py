"""A step's context without a run around it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from hivemind.steps.interrupts import Cancellable
from hivemind.steps.step import Context, Step
from hivemind.values.errors import Stage
from hivemind.values.events import EventKind


class FakeContext(Context):
    """What a step sees while it runs, for tests of `Step.run`.

    values: milestone -> value that the step may ask for. deployment: a stand-in for one; None if the step does not use
    it. said: what the step reported, in order. cancel: makes the context look as if the run is ending.
    """

    def __init__(self, values: Mapping[str, Any] = MappingProxyType({}), *, deployment: Any = None) -> None:
        self._reach = _Reach(values, deployment)
        super().__init__(self._reach, Step("step", Stage.OBSERVE, lambda _: None, tuple(values)))

    @property
    def said(self) -> tuple[str, ...]:
        return tuple(self._reach.said)

    @property
    def fulfilled(self) -> Mapping[str, Any]:
        """The events that the step reached, with their values."""
        return MappingProxyType(self._reach.fulfilled)

    def cancel(self) -> None:
        self._reach.cancelled.set()

    def close(self) -> None:
        """Closes what the step wanted closed at the end of the run."""
        for close in reversed(self._reach.at_end):
            close()


class _Reach:
    def __init__(self, values: Mapping[str, Any], deployment: Any) -> None:
        self.values = values
        self.deployment = deployment
        self.cancelled = threading.Event()
        self.said: list[str] = []
        self.fulfilled: dict[str, Any] = {}
        self.at_end: list[Callable[[], None]] = []
        self.offered: Cancellable | None = None

    def value(self, name: str) -> Any:
        return self.values[name]

    def record(self, step: Step, kind: EventKind, message: str, data: Mapping[str, Any] | None = None) -> None:
        del step, kind, data
        self.said.append(message)

    def fulfil(self, event: str, value: Any = None) -> None:
        self.fulfilled.setdefault(event, value)

    def closing(self, close: Callable[[], None]) -> None:
        self.at_end.append(close)

    def has_failed(self) -> bool:
        return False

    def is_ending(self, step: Step) -> bool:
        del step
        return self.cancelled.is_set()

    def offer(self, step: Step, offered: Cancellable | None) -> None:
        del step
        self.offered = offered
