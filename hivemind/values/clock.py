"""The one source of time. No other module calls `time.time`, `time.sleep` or `datetime.now`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the effectful half needs of time; tests hand in their own."""

    def now(self) -> datetime:
        """Wall-clock time, with time zone UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()


def polls(
    clock: Clock, *, deadline: float, first: float = 0.2, factor: float = 1.5, most: float = 2.0
) -> Iterator[float]:
    """Yields the seconds passed so far, then sleeps: a poll loop that always ends.

    deadline: seconds after which the iteration stops. first, most: shortest and longest pause in
    seconds; each pause is `factor` times the one before.
    """
    start = clock.monotonic()
    pause = first
    while True:
        passed = clock.monotonic() - start
        yield passed
        if passed + pause > deadline:
            if passed >= deadline:
                return
            clock.sleep(max(0.0, deadline - passed))
        else:
            clock.sleep(pause)
        pause = min(most, pause * factor)
