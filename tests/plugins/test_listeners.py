"""Listeners: off the run's thread, in order, to the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sample_plugins import plugin

from hivemind import Event, EventKind
from hivemind.plugins.listeners import FLUSH, Listeners
from hivemind.plugins.loading import Plugins
from hivemind.plugins.patience import WAITING
from hivemind.testing import ManualClock, plugins_of

pytestmark = pytest.mark.fast


def event(number: int, kind: EventKind = EventKind.NOTE) -> Event:
    return Event("2026-01-01T00:00:00Z", "d", "a", "build", "web", kind, str(number))


def listening(patience: float | None = None, **listeners: Callable[..., object]) -> Plugins:
    plugins = plugins_of(**{name: plugin(hivemind_event=function) for name, function in listeners.items()})
    plugins._listeners = Listeners(patience)
    return plugins


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a listener waits for."""
    opened = threading.Event()
    yield opened
    opened.set()


def test_each_hears_every_event_in_order_and_errors_are_reported_once() -> None:
    heard: list[str] = []

    def fails(event: Event) -> None:
        raise OSError("webhook refused")

    plugins = listening(aaa=fails, bbb=lambda event: heard.append(event.message))
    failures = [failure for number in range(50) for failure in plugins.notify(event(number))]
    failures += plugins.flush()
    assert heard == [str(number) for number in range(50)]
    assert [failure.source.name for failure in failures] == ["aaa"]
    assert "OSError: webhook refused" in failures[0].message
    plugins.notify(event(50))
    assert plugins.flush() == ()
    assert heard[-1] == "50"


def test_a_listener_without_an_argument_is_called_too() -> None:
    calls: list[int] = []
    plugins = listening(aaa=lambda: calls.append(1))
    plugins.notify(event(1))
    plugins.flush()
    assert calls == [1]


def test_a_slow_listener_holds_up_neither_the_run_nor_the_others(gate: threading.Event) -> None:
    slow: list[str] = []
    quick = threading.Event()

    def waits(event: Event) -> None:
        gate.wait(60)
        slow.append(event.message)

    plugins = listening(aaa=waits, bbb=lambda event: quick.set() if event.message == "19" else None)
    for number in range(20):
        assert plugins.notify(event(number)) == ()
    assert quick.wait(10)  # the other has heard all while the first has not heard one
    assert slow == []
    gate.set()
    assert plugins.flush() == ()
    assert slow == [str(number) for number in range(20)]


def behind(gate: threading.Event, heard: list[str]) -> Plugins:
    """A listener that is at the first event, and has two of progress and two others before it."""
    begun = threading.Event()

    def waits(event: Event) -> None:
        begun.set()
        gate.wait(60)
        heard.append(event.message)

    plugins = listening(aaa=waits)
    plugins.notify(event(0))
    assert begun.wait(10)
    for number, kind in enumerate([EventKind.PROGRESS, EventKind.FINISHED, EventKind.PROGRESS, EventKind.FAILED], 1):
        plugins.notify(event(number, kind))
    return plugins


def test_at_the_end_a_listener_that_is_behind_is_waited_for_and_hears_all_but_progress(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    said: list[str] = []
    plugins = behind(gate, heard)
    monkeypatch.setattr("hivemind.plugins.listeners.PATIENCE", 0.02)

    def opens(text: str) -> None:
        said.append(text)
        gate.set()

    token = WAITING.set(opens)
    try:
        assert plugins.flush() == ()
    finally:
        WAITING.reset(token)
    assert said == ['waiting for plugin "aaa" (third) in hivemind_event']
    assert heard == ["0", "2", "4"]


def test_what_was_not_heard_in_time_is_said_and_dropped(gate: threading.Event) -> None:
    heard: list[str] = []
    plugins = behind(gate, heard)
    (failure,) = plugins._listeners.flush(seconds=0)
    assert failure.summary == "it was too slow and missed 2 events"
    gate.set()
    plugins.notify(event(9))
    plugins.flush()
    assert heard == ["0", "9"]


class Late(ManualClock):
    """Half of the time is over once it is said who is waited for; what is looked at after that opens the gate."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self._gate = gate
        self._looks = 0
        self.late = False

    def say(self, text: str) -> None:
        self.advance(FLUSH / 2)
        self.late = True

    def monotonic(self) -> float:
        self._looks += self.late
        if self._looks == 2:
            self._gate.set()
        return super().monotonic()


def test_who_is_too_slow_still_hears_how_the_run_ended(gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivemind.plugins.listeners.PATIENCE", 0.02)
    heard: list[str] = []
    plugins = behind(gate, heard)
    clock = Late(gate)
    plugins._listeners._clock = clock
    token = WAITING.set(clock.say)
    try:
        (failure,) = plugins.flush()
    finally:
        WAITING.reset(token)
    assert failure.summary == "it was too slow and missed 1 event"
    assert heard == ["0", "4"]


def test_a_listener_that_hangs_is_left_behind(gate: threading.Event) -> None:
    calls: list[str] = []
    others: list[str] = []

    def hangs(event: Event) -> None:
        calls.append(event.message)
        gate.wait(60)

    plugins = listening(0.05, aaa=hangs, bbb=lambda event: others.append(event.message))
    for number in range(3):
        plugins.notify(event(number))
    failures = plugins.flush()
    plugins.notify(event(3))
    assert plugins.flush() == ()
    assert ["it did not return within 0.05 s" in failure.message for failure in failures] == [True]
    assert calls == ["0"]
    assert others == ["0", "1", "2", "3"]


def test_the_queue_is_bounded_and_progress_goes_first(gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivemind.plugins.listeners.MOST", 5)
    heard: list[str] = []
    begun = threading.Event()

    def waits(event: Event) -> None:
        begun.set()
        gate.wait(60)
        heard.append(event.message)

    plugins = listening(aaa=waits)
    plugins.notify(event(0))
    assert begun.wait(10)
    for number in (1, 2, 3):
        plugins.notify(event(number))
    plugins.notify(event(4, EventKind.PROGRESS))
    failures = [failure for number in (5, 6, 7) for failure in plugins.notify(event(number))]
    gate.set()
    failures += plugins.flush()
    assert heard == ["0", "2", "3", "5", "6", "7"], "progress went first, then the oldest"
    assert [failure.summary for failure in failures] == ["it was too slow and missed 1 event"], "said once"
