"""Where prints go: what a plugin prints is no part of a command's output, and goes to standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO, cast

_ASIDE: ContextVar[bool] = ContextVar("_ASIDE", default=False)
_lock = threading.Lock()
_users = 0


class _Switch:
    """Stands in for sys.stdout: everything is the standard error's for code that runs `aside`, and as it was for
    everybody else, other threads included."""

    def __init__(self, beneath: TextIO) -> None:
        self.beneath = beneath

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if _ASIDE.get() else self.beneath, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.beneath)


@contextmanager
def aside() -> Iterator[None]:
    """Within it, what this thread writes to sys.stdout goes to sys.stderr. Threads that it starts, and programs that
    write to the file descriptor, are not within it."""
    token = _ASIDE.set(True)
    _enter()
    try:
        yield
    finally:
        _leave()
        _ASIDE.reset(token)


def _enter() -> None:
    global _users  # noqa: PLW0603 - sys.stdout is one for the whole process
    with _lock:
        _users += 1
        if not isinstance(sys.stdout, _Switch):
            sys.stdout = cast("TextIO", _Switch(sys.stdout))


def _leave() -> None:
    global _users  # noqa: PLW0603
    with _lock:
        _users -= 1
        if _users == 0 and isinstance(sys.stdout, _Switch):
            sys.stdout = sys.stdout.beneath
