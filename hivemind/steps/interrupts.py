"""Ctrl-C and SIGTERM in the midst of a run.

A signal handler that raises may strike between two lines of the run and lose a step's report. Here a signal becomes
a report like any other, so that the run can also go on after it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from hivemind.values.interrupts import Offer, OnInterrupt


@dataclass(frozen=True)
class Interrupt:
    """somebody: whether a person pressed Ctrl-C; else the run was told to end (SIGTERM), and nobody is there to ask."""

    somebody: bool


@dataclass(frozen=True)
class Cancellable:
    """What a step offers to take back. is_under_way: whether there is something to take back now. cancel: begins it,
    from any thread, and returns what happens now, a sentence."""

    offer: Offer
    is_under_way: Callable[[], bool]
    cancel: Callable[[], str]


Decide = Callable[[tuple[Offer, ...], Interrupt], OnInterrupt]
"""What somebody wants, asked on the thread of the run. May raise KeyboardInterrupt: that is `detach`."""


def detach(_offers: tuple[Offer, ...], _interrupt: Interrupt) -> OnInterrupt:
    """Where nobody is asked."""
    return OnInterrupt.DETACH


@contextmanager
def listening(report: Callable[[Interrupt], None], raises: Callable[[], bool]) -> Iterator[None]:
    """Reports signals instead of raising, on the main thread; on others nothing is changed.

    raises: whether a signal raises KeyboardInterrupt all the same, since a person is being asked something.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        if raises():
            raise KeyboardInterrupt
        report(Interrupt(somebody=number == signal.SIGINT))

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
