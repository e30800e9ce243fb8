"""One installation of a service at a time, also after an installer that was killed."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from typing import IO, Any

from hivemind.hosts.onhost.layout import Layout


class Busy(Exception):
    """Another installation of the service is under way. running: its release command, as `release_command.running`
    has it."""

    def __init__(self, running: dict[str, Any] | None) -> None:
        from hivemind.hosts.onhost import release_command

        super().__init__(release_command.said(running))
        self.running = running


@contextlib.contextmanager
def locked(layout: Layout, patience: float | None = None) -> Iterator[None]:
    """One installation of a service at a time; the next waits. patience: seconds to wait, None: for ever. Raises Busy
    after that."""
    layout.home.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("a") as lock:
        if patience is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            _patiently(lock, layout, patience)
        yield


def _patiently(lock: IO[str], layout: Layout, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                from hivemind.hosts.onhost import release_command

                raise Busy(release_command.running(layout.release_command)) from None
        time.sleep(0.05)
