"""Polling: pauses that fit the cloud's pace, with jitter, backing off, and a deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import Clock
from hivemind.values.errors import StepCancelled
from hivemind.values.poller import Pauses

Cancelled = Callable[[], bool]


def never() -> bool:
    """The `cancelled` of a run that nobody ends."""
    return False


class Poll:
    """A loop over `Poll.tries()` ends by `break`, at the deadline, or when the run is being ended.

    pace: how many times faster than AWS the cloud is; at 1 the first pause is 2 seconds, the longest 6.
    deadline: seconds. `moved()` says that something happened, so that pauses are short again;
    `throttled()` that the last call came too soon.
    """

    def __init__(self, clock: Clock, *, pace: float, deadline: float, cancelled: Cancelled = never) -> None:
        self._clock = clock
        self._pauses = Pauses(pace)
        self._deadline = deadline
        self._cancelled = cancelled

    def tries(self) -> Iterator[float]:
        """Yields the seconds passed. Raises StepCancelled when the run is being ended."""
        start = self._clock.monotonic()
        while True:
            if self._cancelled():
                raise StepCancelled("the run is ending")
            passed = self._clock.monotonic() - start
            if passed > self._deadline:
                return
            yield passed
            self._clock.sleep(self._pauses.next())

    def moved(self) -> None:
        self._pauses.moved()

    def throttled(self) -> None:
        self._pauses.throttled()

    def forgive(self, error: CloudCallFailed) -> None:
        """Takes a throttled call, or one that AWS could not answer, as a longer pause; raises any other error."""
        if not error.passing:
            raise error
        self.throttled()
