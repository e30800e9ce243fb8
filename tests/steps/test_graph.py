"""Steps: order, events, failures, ends, resumption."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.deploy.journal import Journal, read_journal
from hivemind.deploy.state import StateStore
from hivemind.steps.deployment import Deployment
from hivemind.steps.graph import StepGraph
from hivemind.steps.step import Context, End, Failure, Step
from hivemind.values.clock import SYSTEM_CLOCK, polls
from hivemind.values.errors import HiveMindError, Refused, Stage, StepCancelled
from hivemind.values.events import EventKind


def at_work(folder: Path, held: Callable[[], None] = lambda: None) -> Deployment:
    """A deployment that no step of these tests looks into."""
    nothing: Any = None
    return Deployment(id="shop", cloud=nothing, store=StateStore(folder), hooks=nothing, held=held)


STAGE = Stage.DEPLOY
DEPLOYMENT = at_work(Path())


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path, "shop", "a1") as journal:
        yield journal


def kinds(folder: Path, step: str) -> list[EventKind]:
    return [event.kind for event in read_journal(folder) if event.step == step]


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(data=st.data(), workers=st.integers(1, 4))
def test_every_step_runs_once_after_what_it_needs(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, workers: int
) -> None:
    count = data.draw(st.integers(1, 8))
    needs = [data.draw(st.sets(st.integers(0, i - 1))) if i else set() for i in range(count)]
    order: list[int] = []
    steps = [
        Step(str(i), STAGE, lambda _, i=i: order.append(i), needs=tuple(map(str, sorted(needs[i]))))  # type: ignore[misc]
        for i in range(count)
    ]
    with Journal(tmp_path_factory.mktemp("s"), "shop", "a") as journal:
        StepGraph(data.draw(st.permutations(steps)), journal, DEPLOYMENT, workers=workers).run()
    assert sorted(order) == list(range(count))
    assert all(order.index(need) < order.index(i) for i in range(count) for need in needs[i])


@pytest.mark.fast
def test_a_step_starts_as_soon_as_its_event_is_fulfilled(journal: Journal) -> None:
    prepared = threading.Event()

    def stack(context: Context) -> str:
        context.fulfil("instance 1", "i-1")
        # Were the host prepared only after the stack's end, this would never come.
        assert prepared.wait(20)
        return "stack"

    def prepare(context: Context) -> str:
        prepared.set()
        return f"prepared {context['instance 1']}"

    results = StepGraph(
        [
            Step("stack", Stage.PROVISION, stack, provides=("instance 1",)),
            Step("prepare", Stage.DEPLOY, prepare, needs=("instance 1",)),
            Step("release", Stage.DEPLOY, lambda c: (c["stack"], c["prepare"]), needs=("stack", "prepare")),
        ],
        journal,
        DEPLOYMENT,
    ).run()
    assert results["release"] == ("stack", "prepared i-1")


@pytest.mark.fast
def test_a_step_that_ends_without_its_event_is_an_error(journal: Journal) -> None:
    graph = StepGraph(
        [Step("stack", STAGE, lambda _: None, provides=("i",)), Step("b", STAGE, lambda _: None, needs=("i",))],
        journal,
        DEPLOYMENT,
    )
    with pytest.raises(HiveMindError, match="'stack' ended without i"):
        graph.run()
    assert "b" not in graph.outcomes


@pytest.mark.fast
def test_all_outcomes_are_collected_and_the_first_cause_raised(journal: Journal, tmp_path: Path) -> None:
    failed = threading.Event()

    def second(_: Context) -> None:
        assert failed.wait(20)
        raise HiveMindError("second")

    def first(_: Context) -> None:
        raise HiveMindError("first")

    def tell(event: Any) -> None:
        if event.step == "first" and event.kind is EventKind.FAILED:
            failed.set()

    with Journal(tmp_path, "shop", "a2", listeners=(tell,)) as told:
        graph = StepGraph(
            [
                Step("first", STAGE, first),
                Step("second", STAGE, second),
                Step("after", STAGE, lambda _: None, needs=("first",)),
            ],
            told,
            DEPLOYMENT,
        )
        with pytest.raises(HiveMindError, match="first") as caught:
            graph.run()
    assert caught.value.__notes__ == ["also failed: second: second"]
    assert set(graph.outcomes) == {"first", "second"}
    assert kinds(tmp_path, "after") == []


@pytest.mark.fast
def test_what_fails_because_another_step_does_is_not_the_cause(journal: Journal) -> None:
    taken = threading.Event()

    def stack(context: Context) -> None:
        context.fulfil("instance")
        assert taken.wait(10)
        raise HiveMindError("no capacity")

    def prepare(_: Context) -> None:
        try:
            raise HiveMindError("connection reset")
        finally:
            taken.set()

    graph = StepGraph(
        [Step("stack", STAGE, stack, provides=("instance",)), Step("prepare", STAGE, prepare, needs=("instance",))],
        journal,
        DEPLOYMENT,
    )
    with pytest.raises(HiveMindError, match="no capacity") as caught:
        graph.run()
    assert caught.value.__notes__ == ["also failed: prepare: connection reset"]


@pytest.mark.fast
def test_borders_are_journaled_with_lasting_results(journal: Journal, tmp_path: Path) -> None:
    StepGraph(
        [Step("a", Stage.BUILD, lambda c: c.progress("half") or {"x": 1}, lasting=True)], journal, DEPLOYMENT
    ).run()
    events = list(read_journal(tmp_path))
    assert [event.kind for event in events] == [EventKind.STARTED, EventKind.PROGRESS, EventKind.FINISHED]
    assert events[-1].data["result"] == {"x": 1}


@pytest.mark.fast
@pytest.mark.parametrize(("holds", "ran"), [(True, []), (False, ["a"])])
def test_an_earlier_result_is_used_only_when_it_still_holds(
    journal: Journal, tmp_path: Path, holds: bool, ran: list[str]
) -> None:
    done: list[str] = []
    step = Step(
        "a", STAGE, lambda _: done.append("a") or "new", check=lambda result: holds and result == "old", lasting=True
    )
    results = StepGraph([step], journal, DEPLOYMENT, earlier={"a": "old"}).run()
    assert done == ran
    assert results["a"] == ("old" if holds else "new")
    assert kinds(tmp_path, "a")[-1] is (EventKind.SKIPPED if holds else EventKind.FINISHED)


@pytest.mark.fast
def test_without_a_check_a_step_runs_again(journal: Journal) -> None:
    assert StepGraph([Step("a", STAGE, lambda _: "new")], journal, DEPLOYMENT, earlier={"a": "old"}).run()["a"] == "new"


@pytest.mark.fast
def test_ctrl_c_asks_running_steps_to_end_and_starts_none(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    running = threading.Event()

    def long(context: Context) -> None:
        running.set()
        while not context.cancelled:
            threading.Event().wait(0.01)
        context.check()

    graph = StepGraph(
        [Step("long", STAGE, long), Step("next", STAGE, lambda _: None, needs=("long",))], journal, DEPLOYMENT
    )
    reports = graph._reports

    class Interrupted:
        interrupted = False

        def get(self, timeout: float | None = None) -> Any:
            if not self.interrupted:
                self.interrupted = True
                assert running.wait(20)
                raise KeyboardInterrupt
            return reports.get(timeout=timeout)

        def __getattr__(self, name: str) -> Any:
            return getattr(reports, name)

    monkeypatch.setattr(graph, "_reports", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        graph.run()
    assert isinstance(graph.outcomes["long"].error, StepCancelled)
    assert "next" not in graph.outcomes


@pytest.mark.fast
def test_a_journal_that_cannot_be_written_fails_the_run_and_does_not_hang_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "record", full)
    with pytest.raises(OSError, match="No space"):
        StepGraph([Step("a", STAGE, lambda _: None)], journal, DEPLOYMENT).run()


@pytest.mark.fast
def test_a_lost_lease_stops_before_the_next_effect(journal: Journal) -> None:
    def lost() -> None:
        raise HiveMindError("lease lost")

    done: list[int] = []
    with pytest.raises(HiveMindError, match="lease lost"):
        StepGraph([Step("a", STAGE, lambda _: done.append(1))], journal, at_work(Path(), lost)).run()
    assert done == []


@pytest.mark.fast
@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([("a", ("x",), ())], "which nothing provides"),
        ([("a", (), ()), ("a", (), ())], "two steps"),
        ([("a", ("b",), ()), ("b", ("a",), ())], "wait for each other"),
        ([("a", ("e",), ("e",))], "provides itself"),
        ([("a", (), ("e",)), ("b", (), ("e",))], "provided twice"),
        ([("a", ("b",), ("e",)), ("b", ("e",), ())], "wait for each other"),
    ],
)
def test_graphs_that_cannot_end_are_refused(
    journal: Journal, steps: list[tuple[str, tuple[str, ...], tuple[str, ...]]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        StepGraph(
            [Step(name, STAGE, lambda _: None, needs, provides=provides) for name, needs, provides in steps],
            journal,
            DEPLOYMENT,
        )


@pytest.mark.fast
def test_a_step_sees_only_what_it_needs(journal: Journal) -> None:
    steps = [Step("a", STAGE, lambda _: 1), Step("b", STAGE, lambda c: c["a"])]
    with pytest.raises(KeyError, match="does not need"):
        StepGraph(steps, journal, DEPLOYMENT, workers=1).run()


@pytest.mark.fast
def test_a_failure_that_only_warns_lets_the_run_go_on(journal: Journal, tmp_path: Path) -> None:
    def fail(_: Context) -> None:
        raise HiveMindError("no answer")

    steps = [
        Step("purge", STAGE, fail, failure=Failure.WARN),
        Step("after", STAGE, lambda _: "done", needs=("purge",)),
        Step("wants it", STAGE, lambda c: c["purge"], needs=("purge",), failure=Failure.WARN),
    ]
    graph = StepGraph(steps, journal, DEPLOYMENT)
    assert dict(graph.run()) == {"purge": None, "after": "done", "wants it": None}
    assert {name: str(error) for name, error in graph.warnings.items()} == {
        "purge": "no answer",
        "wants it": "'purge'",  # there is no value of a step that failed
    }
    failed = next(event for event in read_journal(tmp_path) if event.kind is EventKind.FAILED)
    assert (failed.step, failed.data["failure"]) == ("purge", "warn")


@pytest.mark.fast
@pytest.mark.parametrize("yes", [True, False])
def test_a_step_waits_for_approval_on_the_thread_of_the_run(journal: Journal, tmp_path: Path, yes: bool) -> None:
    asked: list[tuple[str, threading.Thread]] = []
    done: list[str] = []

    def approve(step: Step) -> Refused | None:
        asked.append((step.approval, threading.current_thread()))
        return None if yes else Refused("gate was not approved: it is Friday")

    steps = [
        Step("gate", STAGE, lambda _: done.append("gate"), approval="Send traffic to it?"),
        Step("traffic", STAGE, lambda _: done.append("traffic"), needs=("gate",)),
    ]
    graph = StepGraph(steps, journal, DEPLOYMENT, approve=approve)
    if yes:
        graph.run()
    else:
        with pytest.raises(Refused, match="gate was not approved: it is Friday"):
            graph.run()
    assert asked == [("Send traffic to it?", threading.current_thread())]
    assert done == (["gate", "traffic"] if yes else [])


@pytest.mark.fast
def test_nobody_is_asked_once_the_run_has_failed(journal: Journal) -> None:
    failed = threading.Event()

    def wait(_: Context) -> None:
        assert failed.wait(20)

    def fail(_: Context) -> None:
        failed.set()
        raise HiveMindError("no capacity")

    steps = [
        Step("stack", STAGE, fail),
        Step("slow", STAGE, wait),
        Step("gate", STAGE, lambda _: None, needs=("slow",), approval="Go on?"),
    ]
    asked: list[Step] = []
    graph = StepGraph(steps, journal, DEPLOYMENT, approve=asked.append)
    with pytest.raises(HiveMindError, match="no capacity"):
        graph.run()
    assert asked == []


@pytest.mark.fast
@pytest.mark.parametrize("end", list(End))
def test_what_a_step_began_is_ended_with_the_run(journal: Journal, end: End) -> None:
    ended: list[tuple[str, End | None]] = []

    def begin(context: Context) -> None:
        context.closing(lambda: ended.append(("connection", None)))

    def then(_: Context) -> None:
        if end is End.FAILED:
            raise HiveMindError("no")

    def approve(_: Step) -> Refused | None:
        raise KeyboardInterrupt

    steps = [
        Step("begin", STAGE, begin, at_end=lambda _, how: ended.append(("begin", how))),
        Step("then", STAGE, then, needs=("begin",), approval="?" if end is End.INTERRUPTED else ""),
        Step("never", STAGE, then, needs=("then",), at_end=lambda _, how: ended.append(("never", how))),
    ]
    graph = StepGraph(steps, journal, DEPLOYMENT, approve=approve)
    if end is End.DONE:
        graph.run()
    else:
        with pytest.raises(KeyboardInterrupt if end is End.INTERRUPTED else HiveMindError):
            graph.run()
    never = [("never", end)] if end is End.DONE else []
    assert ended == [*never, ("begin", end), ("connection", None)]


@pytest.mark.fast
def test_events_of_a_plugins_step_name_their_owner(journal: Journal, tmp_path: Path) -> None:
    step = Step("purge", STAGE, lambda c: c.progress("half"), owner="cdn 1.0")
    StepGraph([step], journal, DEPLOYMENT).run()
    assert [event.data["owner"] for event in read_journal(tmp_path)] == ["cdn 1.0"] * 3


@pytest.mark.fast
@pytest.mark.parametrize("interrupted", [False, True])
def test_an_end_that_raises_hides_no_failure_of_the_run(journal: Journal, interrupted: bool) -> None:
    def broken(*_: object) -> None:
        raise HiveMindError("the end broke")

    def approve(_: Step) -> Refused | None:
        raise KeyboardInterrupt

    def fail(_: Context) -> None:
        raise HiveMindError("the cause")

    steps = [
        Step("begin", STAGE, lambda _: None, at_end=broken),
        Step("then", STAGE, fail, needs=("begin",), approval="?" if interrupted else ""),
    ]
    with pytest.raises(KeyboardInterrupt if interrupted else HiveMindError) as caught:
        StepGraph(steps, journal, DEPLOYMENT, approve=approve).run()
    assert "the end broke" not in str(caught.value)
    assert caught.value.__notes__ == ["also failed, at the end of the run: the end broke"]


@pytest.mark.fast
def test_what_waits_for_others_gives_up_when_the_run_has_failed(journal: Journal) -> None:
    waits = threading.Event()

    def wait(context: Context) -> None:
        waits.set()
        for _ in polls(SYSTEM_CLOCK, deadline=20):
            if context.futile:
                raise StepCancelled("wait")

    def fail(_: Context) -> None:
        assert waits.wait(20)
        raise HiveMindError("no")

    began = SYSTEM_CLOCK.monotonic()
    with pytest.raises(HiveMindError, match=r"^no$") as raised:
        StepGraph([Step("wait", STAGE, wait), Step("fail", STAGE, fail)], journal, DEPLOYMENT).run()
    assert SYSTEM_CLOCK.monotonic() - began < 10
    assert not getattr(raised.value, "__notes__", [])
