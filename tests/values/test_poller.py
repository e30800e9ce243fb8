"""One look at a cloud for all who wait for the same, seldom enough; on a clock that several threads sleep on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from hivemind.testing import ManualClock
from hivemind.values.calls import CloudCallFailed
from hivemind.values.poller import Pauses, Poller, poller

pytestmark = pytest.mark.fast
MINUTE = 60.0
LATE = CloudCallFailed("Throttling", "DescribeTargetHealth", "Rate exceeded")


class SharedClock:
    """Time that passes when all of its threads sleep: then until the first of them wakes."""

    def __init__(self, threads: int) -> None:
        self._awake = threads
        self._changed = threading.Condition()
        self._time = 0.0
        self._wakes: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._time)

    def monotonic(self) -> float:
        with self._changed:
            return self._time

    def sleep(self, seconds: float) -> None:
        with self._changed:
            wake = self._time + seconds
            self._wakes.append(wake)
            self._rest()
            self._changed.wait_for(lambda: self._time >= wake, timeout=30)

    def ended(self) -> None:
        """A thread is done."""
        with self._changed:
            self._rest()

    def _rest(self) -> None:
        self._awake -= 1
        if self._awake == 0 and self._wakes:
            self._time = min(self._wakes)
            self._awake = self._wakes.count(self._time)
            self._wakes = [wake for wake in self._wakes if wake > self._time]
            self._changed.notify_all()


@dataclass
class Aws:
    """Counts what it is asked. answers: said one after another, the last one again and again."""

    clock: SharedClock | ManualClock
    answers: Sequence[str | CloudCallFailed] = field(default_factory=lambda: ["initial"])
    asked: list[float] = field(default_factory=list)

    def ask(self) -> str:
        self.asked.append(self.clock.monotonic())
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, CloudCallFailed):
            raise answer
        return answer


def on_threads(clock: SharedClock, works: Iterable[Callable[[], None]]) -> None:
    def run(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            clock.ended()

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_however_many_wait_a_minute_has_no_more_looks_than_for_one() -> None:
    def looks(waiters: int) -> tuple[int, list[int]]:
        clock = SharedClock(waiters)
        aws, shared, seen = Aws(clock), Poller(clock, 1.0), [0] * waiters

        def wait(number: int) -> None:
            for _ in shared.answers("group", aws.ask, deadline=MINUTE):
                seen[number] += 1

        on_threads(clock, [lambda number=number: wait(number) for number in range(waiters)])  # type: ignore[misc]
        return len(aws.asked), seen

    alone, _ = looks(1)
    together, seen = looks(12)
    assert 10 <= alone <= 22  # 2 s at first, 6 s in the end
    assert together <= alone + 12  # each may come with a look of its own, once
    assert min(seen) >= 8


def test_pauses_grow_while_nothing_happens_and_are_short_again_when_something_does() -> None:
    clock = ManualClock()
    aws = Aws(clock, ["initial"] * 8 + ["healthy"])
    for answer in Poller(clock, 1.0).answers("group", aws.ask, deadline=MINUTE):
        if answer == "healthy":
            break
    pauses = [later - sooner for sooner, later in zip(aws.asked, aws.asked[1:], strict=False)]
    assert 1.7 <= pauses[0] <= 2.3
    assert all(pause <= 6 * 1.15 for pause in pauses)
    assert pauses[-1] > 4
    assert len(set(pauses)) == len(pauses)  # jitter


def test_after_something_new_the_next_look_is_soon() -> None:
    clock = ManualClock()
    aws = Aws(clock, ["initial"] * 8 + ["healthy"])
    for _ in Poller(clock, 1.0).answers("group", aws.ask, deadline=MINUTE):
        if len(aws.asked) == 10:
            break
    assert aws.asked[9] - aws.asked[8] < 2.4


def test_what_is_asked_too_often_is_asked_less_and_nobody_gives_up() -> None:
    clock = ManualClock()
    aws = Aws(clock, [LATE, LATE, LATE, "healthy"])
    assert next(Poller(clock, 1.0).answers("group", aws.ask, deadline=MINUTE)) == "healthy"
    pauses = [later - sooner for sooner, later in zip(aws.asked, aws.asked[1:], strict=False)]
    assert pauses[0] >= 3.4
    assert pauses[2] > pauses[0]


def test_what_is_refused_is_raised_to_each() -> None:
    clock = ManualClock()
    denied = CloudCallFailed("AccessDenied", "DescribeTargetHealth", "no")
    shared, aws = Poller(clock, 1.0), Aws(clock, [denied])
    raised = []
    for _ in range(2):
        with pytest.raises(CloudCallFailed, match="no") as error:
            shared.together("instances", "i-1", lambda _: {"i-1": aws.ask()})
        raised.append(error.value)
    assert len(aws.asked) == 1  # the second one gets the answer of the first
    assert raised[0] is not raised[1]


def test_an_answer_from_before_the_wait_is_none() -> None:
    clock = ManualClock()
    aws, shared = Aws(clock, ["healthy", "draining"]), Poller(clock, 1.0)
    assert next(shared.answers("group", aws.ask, deadline=MINUTE)) == "healthy"
    clock.advance(0.1)
    assert next(shared.answers("group", aws.ask, deadline=MINUTE)) == "draining"


def test_the_last_look_is_at_the_deadline() -> None:
    clock = ManualClock()
    aws = Aws(clock)
    assert list(Poller(clock, 1.0).answers("group", aws.ask, deadline=5.0))
    assert aws.asked[-1] == pytest.approx(5.0)


def test_many_instances_that_are_waited_for_at_once_take_one_call_in_two_seconds() -> None:
    names = [f"i-{number}" for number in range(50)]
    clock = SharedClock(len(names))
    shared, asked, lock = Poller(clock, 1.0), [], threading.Lock()

    def describe(ids: Iterable[str]) -> Mapping[str, str]:
        listed = list(ids)
        with lock:
            asked.append(listed)
        return {one: f"state of {one}" for one in listed if one != "i-7"}

    def wait(name: str) -> None:
        for _ in range(60):  # a minute, a look each second
            assert shared.together("instances", name, describe) == (None if name == "i-7" else f"state of {name}")
            clock.sleep(1.0)

    on_threads(clock, [lambda name=name: wait(name) for name in names])  # type: ignore[misc]
    assert len(asked) <= 50 + 60 / 2 + 1  # of 3,000 looks; one more for each that nobody had asked about yet
    assert set(asked[-1]) == set(names)


def test_who_is_waited_for_no_more_is_not_asked_about_any_longer() -> None:
    clock = ManualClock()
    shared, asked = Poller(clock, 1.0), []

    def describe(ids: Iterable[str]) -> Mapping[str, str]:
        asked.append(list(ids))
        return dict.fromkeys(asked[-1], "running")

    shared.together("instances", "i-1", describe)
    clock.advance(90)
    shared.together("instances", "i-2", describe)
    assert asked == [["i-1"], ["i-2"]]


def test_time_that_passes_faster_has_shorter_pauses_with_a_least() -> None:
    assert Pauses(1.0).first == 2.0
    assert Pauses(10.0).first == pytest.approx(0.2)
    assert Pauses(2000.0).first == 0.1


def test_a_cloud_has_one_poller() -> None:
    class Cloud:
        pace = 1.0

    cloud, clock = Cloud(), ManualClock()
    assert poller(cloud, clock) is poller(cloud, clock)
    assert poller(cloud, clock) is not poller(Cloud(), clock)
