"""Following a run on another machine, by what it leaves in the place that all machines share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from hivemind.deploy.journal import ATTEMPT, line_of, new_attempt
from hivemind.deploy.lease import Holder, ourselves
from hivemind.deploy.object_files import FileObjects
from hivemind.deploy.shared_journal import append
from hivemind.deploy.shared_lease import KEY
from hivemind.deploy.shared_place import SharedPlace
from hivemind.flow.following import events_there
from hivemind.testing import ManualClock
from hivemind.values.calls import CloudCallFailed
from hivemind.values.events import Event, EventKind

pytestmark = pytest.mark.fast
ID = "shop-production-123456789012-eu-west-1"


class Elsewhere:
    """A run on another machine. Each pause of who follows it, it does the next thing."""

    def __init__(self, folder: Path) -> None:
        self.objects = FileObjects(folder)
        self.place = SharedPlace(self.objects, own=False)
        self.does: Iterator[Callable[[], object]] = iter(())
        run = self

        class Clock(ManualClock):
            def sleep(self, seconds: float) -> None:
                super().sleep(seconds)
                next(run.does)()

        self.clock = Clock()
        self.holder: Holder = ourselves("hivemind apply", 60.0, self.clock)
        self.attempt = new_attempt(self.clock)
        self.tag = self.objects.write(KEY, json.dumps(asdict(self.holder)).encode(), replacing=None)

    def leaves(self, *messages: str, attempt: str | None = None) -> None:
        of = attempt or self.attempt
        events = [
            Event("2026-01-01T00:00:00Z", ID, of, "provision", ATTEMPT, EventKind.NOTE, message, {})
            for message in messages
        ]
        append(self.objects, of, [line_of(event) for event in events])

    def ends(self) -> None:
        self.objects.remove(KEY, self.tag)

    def followed(self) -> list[str]:
        return [event.message for event in events_there(self.place, self.holder, self.clock, 1.0)]


def test_its_events_are_told_each_once_in_order_until_it_lets_go(tmp_path: Path) -> None:
    run = Elsewhere(tmp_path)
    run.leaves("one of an earlier attempt", attempt="20251201T000000-aaaa")

    def last() -> None:
        run.leaves("live")
        run.ends()

    run.does = iter((lambda: run.leaves("build"), lambda: run.leaves("stack", "release"), lambda: None, last))
    assert run.followed() == ["build", "stack", "release", "live"]


def test_a_run_that_another_one_took_over_is_over(tmp_path: Path) -> None:
    run = Elsewhere(tmp_path)
    other = ourselves("hivemind apply", 60.0, run.clock)

    def taken() -> None:
        run.objects.write(KEY, json.dumps(asdict(other)).encode(), replacing=run.tag)

    run.does = iter((lambda: run.leaves("build"), taken))
    assert run.followed() == ["build"]


def test_it_is_looked_at_seldom_and_less_while_nothing_comes(tmp_path: Path) -> None:
    run = Elsewhere(tmp_path)
    run.does = iter((*(lambda: None for _ in range(10)), run.ends))
    assert run.followed() == []
    assert 1.7 <= run.clock.slept[0] <= 2.3
    assert run.clock.slept[-1] > 4


def test_a_place_that_cannot_answer_now_is_asked_later(tmp_path: Path) -> None:
    run = Elsewhere(tmp_path)

    class Busy(FileObjects):
        tries = 0

        def names(self, begin: str) -> tuple[str, ...]:
            Busy.tries += 1
            if Busy.tries == 2:
                raise CloudCallFailed("SlowDown", "ListObjectsV2", "reduce your request rate")
            return super().names(begin)

    run.place = SharedPlace(Busy(tmp_path), own=False)
    run.does = iter((lambda: run.leaves("build"), lambda: None, run.ends))
    assert run.followed() == ["build"]
