"""The journal: what is written, what survives a kill, who is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.deploy.journal import (
    FILE,
    Journal,
    interrupted_results,
    last_attempt,
    new_attempt,
    read_journal,
    usual_resource_seconds,
    usual_seconds,
)
from hivemind.testing import ManualClock
from hivemind.values.events import Event, EventKind

K = EventKind


def journal(folder: Path, attempt: str = "a1", **options: object) -> Journal:
    return Journal(folder, "shop", attempt, clock=ManualClock(), **options)  # type: ignore[arg-type]


@pytest.mark.fast
def test_events_are_read_back_by_attempt(tmp_path: Path) -> None:
    with journal(tmp_path) as one:
        written = one.record("build", "build web", K.STARTED, "building", {"size": 3})
    with journal(tmp_path, "a2") as two:
        two.record("build", "build web", K.FINISHED, "built")
    assert [event.attempt for event in read_journal(tmp_path)] == ["a1", "a2"]
    assert list(read_journal(tmp_path, attempt="a1")) == [written]
    assert written.time == "2026-01-01T00:00:00.000Z"
    assert last_attempt(tmp_path) == "a2"
    assert list(read_journal(tmp_path / "nowhere")) == []


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(cut=st.integers(1, 200))
def test_a_line_torn_by_a_kill_costs_itself_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("j")
    with journal(folder) as first:
        first.record("build", "one", K.FINISHED, "ü" * 20)
        first.record("build", "two", K.FINISHED, "ü" * 20)
    path = folder / FILE
    content = path.read_bytes()
    whole = content.index(b"\n") + 1
    kept = max(whole, len(content) - cut)
    path.write_bytes(content[:kept])
    with journal(folder, "a2") as second:
        second.record("build", "three", K.FINISHED, "after")
    steps = [event.step for event in read_journal(folder)]
    # A cut of the line end alone loses nothing.
    complete = kept == len(content) - 1
    assert steps == (["one", "two", "three"] if complete else ["one", "three"])


@pytest.mark.fast
def test_listeners_get_each_event_after_it_is_written(tmp_path: Path) -> None:
    lines: list[int] = []

    def listener(_: Event) -> None:
        lines.append(len((tmp_path / FILE).read_bytes().splitlines()))

    with journal(tmp_path, listeners=(listener,)) as written:
        written.record("a", "a", K.NOTE, "1")
        written.record("a", "a", K.NOTE, "2")
    assert lines == [1, 2]


@pytest.mark.fast
def test_a_listener_that_fails_is_named_once_and_told_no_more(tmp_path: Path) -> None:
    calls: list[str] = []

    def broken(event: Event) -> None:
        calls.append(event.message)
        raise RuntimeError("no network")

    with journal(tmp_path, listeners=(broken,)) as written:
        written.record("a", "a", K.NOTE, "1")
        written.record("a", "a", K.NOTE, "2")
    assert calls == ["1"]
    messages = [event.message for event in read_journal(tmp_path)]
    assert messages[0] == "1"
    assert messages[1].endswith("broken failed and gets no more events: no network")
    assert messages[2] == "2"


@pytest.mark.fast
def test_borders_of_steps_are_on_disk_when_record_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("hivemind.deploy.journal.os.fsync", synced.append)
    with journal(tmp_path) as written:
        for kind in (K.PROGRESS, K.NOTE):
            written.record("a", "a", kind, "")
        assert synced == []
        for kind in (K.STARTED, K.FINISHED, K.FAILED, K.SKIPPED):
            written.record("a", "a", kind, "")
        assert len(synced) == 4


@pytest.mark.fast
def test_each_line_is_one_json_object_whatever_is_in_it(tmp_path: Path) -> None:
    with journal(tmp_path) as written:
        written.record("a", "a", K.NOTE, "two\nlines \u2028 \ud800", {"x": ["\n"]})
    (line,) = (tmp_path / FILE).read_bytes().split(b"\n")[:-1]
    assert json.loads(line)["data"] == {"x": ["\n"]}


@pytest.mark.fast
def test_attempts_sort_by_time() -> None:
    clock = ManualClock()
    first = new_attempt(clock)
    clock.advance(1)
    assert first < new_attempt(clock)


@pytest.mark.fast
def test_results_of_an_interrupted_attempt_count_for_the_same_plan_only(tmp_path: Path) -> None:
    with journal(tmp_path) as cut:
        cut.started("digest-1", "apply")
        cut.record("build", "build web", K.FINISHED, "", {"result": {"digest": "d"}})
        cut.record("release", "install", K.FINISHED, "", {"result": 1})
        cut.record("release", "install", K.STARTED, "again")
        cut.record("stack", "stack", K.FINISHED, "without a lasting result")
    assert interrupted_results(tmp_path, "digest-1") == {"build web": {"digest": "d"}}
    assert interrupted_results(tmp_path, "digest-2") == {}
    with journal(tmp_path, "a2") as ended:
        ended.started("digest-1", "apply")
        ended.record("build", "build web", K.SKIPPED, "", {"result": {"digest": "d"}})
        assert interrupted_results(tmp_path, "digest-1") == {"build web": {"digest": "d"}}
        ended.finished("done")
    assert interrupted_results(tmp_path, "digest-1") == {}


@pytest.mark.fast
def test_a_deletion_tells_nothing_of_steps_of_an_apply(tmp_path: Path) -> None:
    with journal(tmp_path) as applied:
        applied.started("digest-1", "apply")
        applied.record("provision", "stack", K.FINISHED, "", {"seconds": 240.0})
        applied.finished("done")
    with journal(tmp_path, "a2") as deleted:
        deleted.record("rollback", "stack", K.FINISHED, "", {"seconds": 30.0})
        deleted.record("cleanup", "purge", K.FINISHED, "", {"seconds": 1.0, "result": "purged"})
    assert usual_seconds(tmp_path) == {"stack": 240.0}
    assert interrupted_results(tmp_path, "digest-1") == {}


@pytest.mark.fast
def test_what_resources_took_before_is_known_by_type_from_the_newest_attempt(tmp_path: Path) -> None:
    def create(attempt: str, name: str, seconds: float, kind: str = "AWS::RDS::DBInstance") -> None:
        clock = ManualClock()
        with Journal(tmp_path, "shop", attempt, clock=clock) as one:
            said = {"logical_id": name, "type": kind}
            one.record("provision", "stack", K.PROGRESS, "", {**said, "status": "CREATE_IN_PROGRESS"})
            one.record("provision", "stack", K.PROGRESS, "", {**said, "status": "CREATE_IN_PROGRESS"})
            clock.sleep(seconds)
            one.record("provision", "stack", K.PROGRESS, "", {**said, "status": "CREATE_COMPLETE"})

    create("a1", "Db", 900.0)
    create("a2", "Db", 400.0)
    create("a2", "Other", 500.0)
    create("a2", "Nat", 80.0, "AWS::EC2::NatGateway")
    assert usual_resource_seconds(tmp_path) == {"AWS::RDS::DBInstance": 500.0, "AWS::EC2::NatGateway": 80.0}
    assert usual_resource_seconds(tmp_path / "nowhere") == {}
