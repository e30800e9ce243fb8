"""Asking a cloud again and again how far something is: seldom enough, and once for all who wait for the same.

2 seconds at first, longer while nothing happens, longer still where the cloud wants to be asked later, and never at
the same moments as others.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import Clock

T = TypeVar("T")
FIRST = 2.0
"""Seconds between two looks at AWS, as long as something happens."""
LEAST = 0.1
"""The same where time passes faster, as in the local cloud."""
GROWTH, MOST = 1.3, 3.0
"""What a pause grows by after a look that shows nothing new, and how many times the first one it gets at most."""
THROTTLED_MOST = 30.0
ASKED_FOR = 60.0
"""Seconds for which something is asked about along with others, after somebody asked about it."""


class Paced(Protocol):
    """A cloud. pace: how many times faster than AWS it is."""

    @property
    def pace(self) -> float: ...


def jitter() -> float:
    """What a pause is multiplied by, for many not to ask at the same moments; nothing secret hangs on it."""
    return random.uniform(0.85, 1.15)  # noqa: S311


class Pauses:
    """Pauses between looks, in seconds. most: the longest, times the first."""

    def __init__(self, pace: float, *, most: float = MOST) -> None:
        self.first = max(LEAST, FIRST / max(1.0, pace))
        self._most = most * self.first
        self._pause = self.first

    def next(self) -> float:
        """The pause to make now."""
        now = self._pause * jitter()
        self._pause = min(max(self._most, self._pause), self._pause * GROWTH)
        return now

    def moved(self) -> None:
        """Something happened: pauses are short again."""
        self._pause = self.first

    def throttled(self) -> None:
        """The last look came too soon."""
        self._pause = min(THROTTLED_MOST, self._pause * 2)


@dataclass
class _Asked(Generic[T]):
    """What one thing was asked for. begun: when the last look began whose answer is here; asking: whether one is under
    way. due: when the next one should be."""

    pauses: Pauses
    changed: threading.Condition = field(default_factory=threading.Condition)
    begun: float | None = None
    answer: T | None = None
    error: CloudCallFailed | None = None
    asking: bool = False
    due: float = 0.0


@dataclass(frozen=True)
class _Many(Generic[T]):
    """What was said about all that was asked about at once."""

    names: frozenset[str]
    found: Mapping[str, T]


class Poller:
    """Looks at one cloud for all threads that wait for it. Made by `poller`."""

    def __init__(self, clock: Clock, pace: float) -> None:
        self.clock = clock
        self._pace = pace
        self._lock = threading.Lock()
        self._asked: dict[Hashable, _Asked[Any]] = {}
        self._wanted: dict[Hashable, dict[str, float]] = {}

    def answers(self, key: Hashable, ask: Callable[[], T], *, deadline: float, most: float = MOST) -> Iterator[T]:
        """Answers until the deadline, each from a look that began after the one before, the first after this call.

        key: what is asked about; who waits for the same gets the same answers. ask: asks the cloud. deadline: seconds.
        most: the longest pause, times the first. A look that AWS cannot answer now is none; other errors are raised.
        """
        entry = self._entry(key, most)
        start = self.clock.monotonic()
        wanted = start
        while True:
            seen, answer, error = self._look(entry, ask, wanted)
            if error is None:
                yield answer
            elif not error.passing:
                raise error
            passed = self.clock.monotonic() - start
            if passed >= deadline:
                return
            with entry.changed:
                due = max(entry.due, seen + entry.pauses.first / 2)
            self.clock.sleep(max(0.0, min(due - self.clock.monotonic(), deadline - passed)))
            # Somebody else may have looked meanwhile: that is news as well.
            wanted = math.nextafter(seen, math.inf)

    def together(self, key: Hashable, one: str, ask: Callable[[Iterable[str]], Mapping[str, T]]) -> T | None:
        """What a cloud says about one of many, by a look not older than the first pause; None where it does not know
        it. Whatever was asked about in the last minute is asked about with it, in one call.

        key: of the many. one: its id. ask: ids -> what the cloud says about each. Raises what the call raises.
        """
        entry = self._entry(key, MOST)
        now = self.clock.monotonic()
        with self._lock:
            wanted = self._wanted.setdefault(key, {})
            wanted[one] = now
            for name in [name for name, at in wanted.items() if now - at > ASKED_FOR]:
                del wanted[name]

        def all_of_them() -> _Many[T]:
            with self._lock:
                names = frozenset(self._wanted[key])
            return _Many(names, ask(sorted(names)))

        def has_it(many: _Many[T] | None) -> bool:
            return many is None or one in many.names

        _, answer, error = self._look(entry, all_of_them, now - entry.pauses.first, has_it)
        if error is not None:
            raise error
        many: _Many[T] = answer
        return many.found.get(one)

    def _entry(self, key: Hashable, most: float) -> _Asked[Any]:
        with self._lock:
            return self._asked.setdefault(key, _Asked(Pauses(self._pace, most=most)))

    def _look(
        self, entry: _Asked[Any], ask: Callable[[], Any], wanted: float, fits: Callable[[Any], bool] = lambda _: True
    ) -> tuple[float, Any, CloudCallFailed | None]:
        """When a look began, not before `wanted`, and what came of it: somebody else's, or our own."""
        with entry.changed:
            while True:
                if entry.begun is not None and entry.begun >= wanted and fits(entry.answer):
                    return entry.begun, entry.answer, entry.error and _again(entry.error)
                if not entry.asking:
                    break
                entry.changed.wait()
            entry.asking = True
        begun = self.clock.monotonic()
        answer: Any = None
        error: CloudCallFailed | None = None
        try:
            answer = ask()
        except CloudCallFailed as failed:
            error = failed
        except BaseException:
            with entry.changed:
                entry.asking = False
                entry.changed.notify_all()  # one of those who wait asks next
            raise
        with entry.changed:
            if error is not None and error.passing:
                entry.pauses.throttled()
            elif answer != entry.answer:
                entry.pauses.moved()
            entry.begun, entry.answer, entry.error = begun, answer, error
            entry.due = begun + entry.pauses.next()
            entry.asking = False
            entry.changed.notify_all()
        return begun, answer, error


def _again(error: CloudCallFailed) -> CloudCallFailed:
    """The same for another thread: an error that is raised carries that thread's calls."""
    return CloudCallFailed(error.code, error.operation, error.detail, hint=error.hint)


_POLLERS: WeakKeyDictionary[Any, Poller] = WeakKeyDictionary()
_LOCK = threading.Lock()


def poller(cloud: Paced, clock: Clock) -> Poller:
    """The one Poller of a cloud in this process."""
    with _LOCK:
        try:
            known = _POLLERS.get(cloud)
            if known is None or known.clock is not clock:
                known = _POLLERS[cloud] = Poller(clock, cloud.pace)
        except TypeError:  # a cloud that can't be a key has nobody to share with
            return Poller(clock, cloud.pace)
        return known
