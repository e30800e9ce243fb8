"""Calling what may never answer: on a thread that is left behind at a deadline, with a word about whom we wait for."""

from __future__ import annotations

import contextvars
import sys
import threading
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import Generic, TypeVar, cast

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds of silence after which it is said who is waited for."""


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


WAITING: ContextVar[Callable[[str], object]] = ContextVar("WAITING", default=_tell)
"""Says who is waited for. A step of a run sets it to its own progress; elsewhere it is a line on standard error."""


class Overdue(Exception):
    """No answer came in time. seconds: that were waited. stack: where the call was then."""

    def __init__(self, seconds: float, stack: traceback.StackSummary) -> None:
        super().__init__(f"it did not return within {seconds:g} s")
        self.seconds = seconds
        self.stack = stack


def within(seconds: float, function: Callable[[], T], *, whom: str | None = None) -> T:
    """What the function returns or raises, if it does within so many seconds.

    It runs on a daemon thread, with a copy of this thread's context variables. whom: who is waited for, said after 2
    seconds; None: nothing is said. Raises Overdue at the deadline: the thread goes on, and nobody listens to it.
    """
    call = _Call(function)
    threading.Thread(target=contextvars.copy_context().run, args=(call.run,), name="hook", daemon=True).start()
    patience = min(PATIENCE, seconds) if whom else seconds
    if not call.done.wait(patience) and patience < seconds:
        WAITING.get()(f"waiting for {whom}")
        call.done.wait(seconds - patience)
    if not call.done.is_set():
        raise Overdue(seconds, call.stack())
    if call.error is not None:
        raise call.error
    return cast("T", call.result)


class _Call(Generic[T]):
    """One call on its thread, and what came of it."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._thread: int | None = None
        self.done = threading.Event()
        self.result: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        self._thread = threading.get_ident()
        try:
            self.result = self._function()
        except BaseException as error:  # noqa: BLE001 - raised again on the thread that waits
            self.error = error
        finally:
            self.done.set()

    def stack(self) -> traceback.StackSummary:
        """The frames of a call that runs."""
        frame: FrameType | None = sys._current_frames().get(self._thread or 0)
        return traceback.extract_stack(frame) if frame else traceback.StackSummary()
