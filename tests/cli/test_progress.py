"""How a run is shown: the tree as lines, plain lines, JSON lines, and which is taken."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import struct
import termios
import threading
from collections.abc import Iterator
from dataclasses import replace
from fcntl import ioctl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminals import ESCAPES

from hivemind import Event, EventKind
from hivemind.cli.progress import JsonLines, LiveTree, PlainLines, renderer
from hivemind.cli.tree import Tree, duration
from hivemind.testing import ManualClock

K = EventKind
STAGES = ("build", "provision", "deploy", "register", "verify")


def event(stage: str, step: str, kind: EventKind, message: str = "", second: int = 0, **data: object) -> Event:
    return Event(f"2026-01-01T00:00:{second:02}Z", "shop", "a1", stage, step, kind, message, data)


def grown(*entries: tuple[float, Event]) -> Tree:
    tree = Tree()
    for at, each in entries:
        tree.add(each, at)
    return tree


def resource(name: str, status: str, *, reason: str = "", message: str = "") -> Event:
    """A stack event, as apply records it: progress of the stage with the resource in its data."""
    data = {"logical_id": name, "type": "AWS::RDS::DBInstance", "status": status, "reason": reason}
    return event("provision", "stack", K.PROGRESS, message, **data)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.fast
def test_a_finished_stage_says_what_and_how_long() -> None:
    tree = grown((0, event("build", "web", K.STARTED)), (38, event("build", "web", K.FINISHED, "web  48 MB")))
    (line,) = tree.lines(100, width=60, height=10)
    assert line.startswith("✔ build     web  48 MB")
    assert line.endswith(" 38 s")
    assert len(line) == 60


@pytest.mark.fast
def test_a_running_stage_shows_its_steps_slowest_first() -> None:
    tree = grown(
        (0, event("provision", "stack", K.STARTED, "shop-production", estimate=120)),
        (1, event("provision", "Db", K.STARTED, "AWS::RDS::DBInstance")),
        (5, event("provision", "VPC", K.STARTED, "AWS::EC2::VPC")),
        (6, event("provision", "Role", K.STARTED, "AWS::IAM::Role")),
        (7, event("provision", "Role", K.FINISHED, "made")),
    )
    head, first, second = tree.lines(65, width=79, height=20)
    assert "shop-production" in head
    assert head.endswith("1 min 05 s of ~2 min 00 s")
    assert first.split()[:3] == ["·", "Db", "AWS::RDS::DBInstance"]
    assert first.endswith("1 min 04 s")
    assert second.split()[1] == "VPC"


@pytest.mark.fast
def test_what_is_waited_for_is_said_with_its_reason() -> None:
    tree = grown(
        (0, event("deploy", "prepare web 1", K.STARTED, "web 1: installer and user")),
        (1, event("deploy", "prepare web 1", K.PROGRESS, "HiveMind does not know its SSH host key yet")),
        (2, event("deploy", "prepare web 2", K.STARTED, "web 2: installer and user")),
    )
    assert tree.waiting(45) == ("deploy  0 of 2, prepare web 1: HiveMind does not know its SSH host key yet, 45 s")


@pytest.mark.fast
def test_resources_of_a_stack_are_steps() -> None:
    entries = [
        (0.0, event("provision", "stack", K.STARTED, "shop-production")),
        (1.0, resource("Db", "CREATE_IN_PROGRESS", message="0 of 2 resources")),
        (2.0, resource("Cache", "CREATE_IN_PROGRESS", message="0 of 2 resources")),
        (20.0, resource("Cache", "CREATE_COMPLETE", message="1 of 2 resources")),
    ]
    head, running = grown(*entries).lines(61, width=79, height=20)
    assert "shop-production  1 of 2 resources" in head
    assert running.split()[1:3] == ["Db", "AWS::RDS::DBInstance"]
    assert running.endswith("1 min 00 s")
    entries += [(90.0, resource("Db", "CREATE_COMPLETE", message="2 of 2 resources"))]
    entries += [(91.0, event("provision", "stack", K.FINISHED, "shop-production"))]
    head, longest = grown(*entries).lines(100, width=79, height=20)
    assert head.startswith("✔ provision shop-production  2 of 2 resources ")
    assert longest == "   └ longest: Db 1 min 29 s"


@pytest.mark.fast
def test_resources_have_estimates_and_what_the_end_waits_for_is_named() -> None:
    def timed(name: str, status: str, expected: int, *path: str) -> Event:
        shown = resource(name, status, message="3 of 5 resources")
        return replace(shown, data={**shown.data, "expected": expected, "path": list(path)})

    entries = [
        (0.0, event("provision", "stack", K.STARTED, "shop-production", estimate=616)),
        (1.0, timed("Nat", "CREATE_IN_PROGRESS", 106, "Db", "Web1")),
        (2.0, timed("Db", "CREATE_IN_PROGRESS", 600, "Db", "Web1")),
    ]
    tree = grown(*entries)
    head, nat, database, path = tree.lines(62, width=79, height=20)
    assert head.endswith("1 min 02 s of ~10 min 16 s")
    assert nat.endswith("1 min 01 s of ~1 min 46 s")
    assert database.endswith("1 min 00 s of ~10 min 00 s")
    assert path == "   └ the end waits for Db → Web1"
    assert max(map(len, tree.lines(62, width=40, height=20))) <= 40
    entries.append((110.0, timed("Nat", "CREATE_COMPLETE", 106, "Db", "Web1")))
    waiting = grown(*entries).waiting(122)
    assert waiting == "provision  shop-production  3 of 5 resources, Db 2 min 00 s of ~10 min 00 s, then Web1"


@pytest.mark.fast
def test_a_failed_resource_keeps_its_reason_through_the_rollback() -> None:
    tree = grown(
        (0, event("provision", "stack", K.STARTED, "shop")),
        (1, resource("Db", "CREATE_IN_PROGRESS")),
        (9, resource("Db", "CREATE_FAILED", reason="Cannot find version 16.9")),
        (10, resource("Db", "DELETE_IN_PROGRESS")),
        (12, resource("Db", "DELETE_COMPLETE")),
        (13, event("provision", "stack", K.FAILED, "rolled back")),
    )
    head, failed = tree.lines(20, width=79, height=20)
    assert head.startswith("✘ provision shop  rolled back")
    assert failed.startswith("   ✘ Db  Cannot find version 16.9")


@pytest.mark.fast
def test_what_comes_after_the_end_of_a_step_changes_nothing() -> None:
    entries = [
        (0.0, event("build", "web", K.STARTED, "web")),
        (1.0, event("build", "web", K.FAILED, "pip: no such package")),
    ]
    late = (2.0, event("build", "web", K.PROGRESS, "cleaning up"))
    assert grown(*entries).lines(3, width=79, height=9) == grown(*entries, late).lines(3, width=79, height=9)


@pytest.mark.fast
def test_the_longest_step_of_a_finished_stage_is_named() -> None:
    tree = grown(
        (0, event("provision", "stack", K.STARTED, "shop")),
        (0, event("provision", "Cache", K.STARTED)),
        (0, event("provision", "VPC", K.STARTED)),
        (3, event("provision", "VPC", K.FINISHED)),
        (340, event("provision", "Cache", K.FINISHED)),
        (362, event("provision", "stack", K.FINISHED, "shop  2 of 2 resources")),
    )
    head, longest = tree.lines(400, width=79, height=20)
    assert head.endswith("6 min 02 s")
    assert longest == "   └ longest: Cache 5 min 40 s"


@pytest.mark.fast
def test_what_failed_stays_in_sight() -> None:
    tree = grown(
        (0, event("verify", "http", K.STARTED)),
        (0, event("verify", "db", K.STARTED)),
        (1, event("verify", "db", K.FINISHED, "ok")),
        (2, event("verify", "http", K.FAILED, "502, expected 200")),
    )
    head, failed = tree.lines(9, width=79, height=20)
    assert head.startswith("✘ verify")
    assert "✘ http  502, expected 200" in failed


@pytest.mark.fast
def test_the_frame_of_the_attempt_and_notes_are_no_lines() -> None:
    tree = grown((0, event("apply", "attempt", K.STARTED)), (0, event("build", "web", K.NOTE, "note")))
    assert tree.lines(1, width=79, height=20) == ()


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(
    entries=st.lists(
        st.tuples(
            st.sampled_from(STAGES),
            st.text("abWeb 1", max_size=90),
            st.sampled_from(list(K)),
            st.text("message \n", max_size=200),
            st.floats(0, 9000),
        ),
        max_size=60,
    ),
    width=st.integers(10, 200),
    height=st.integers(0, 30),
)
def test_the_tree_stays_within_the_window(entries: list, width: int, height: int) -> None:
    tree = Tree()
    for stage, step, kind, message, estimate in entries:
        tree.add(event(stage, step, kind, message, estimate=estimate), 1.0)
    lines = tree.lines(5000.0, width=width, height=height)
    assert len(lines) <= height
    assert all(len(line) <= width and "\n" not in line for line in lines)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (3.14, "3.1 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (362, "6 min 02 s"), (3900, "1 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.fast
def test_plain_lines_leave_mere_progress_out() -> None:
    out, clock = io.StringIO(), ManualClock()
    clock.advance(500)
    with PlainLines(out, clock) as show:
        show(event("provision", "stack", K.STARTED, "shop"))
        clock.advance(3)
        show(event("provision", "Db", K.PROGRESS, "creating"))
        clock.advance(39)
        show(event("provision", "Db", K.FINISHED, "created"))
        clock.advance(17)
        show(event("verify", "http", K.FAILED, "502"))
    assert out.getvalue().splitlines() == [
        "[00:00] provision  stack  ...  shop",
        "[00:42] provision  Db  done  created",
        "[00:59] verify     http  FAILED  502",
    ]


@pytest.mark.fast
def test_plain_lines_say_what_is_waited_for_after_half_a_minute() -> None:
    out, clock = io.StringIO(), ManualClock()
    show = PlainLines(out, clock)
    show(event("provision", "stack", K.STARTED, "shop"))
    show(resource("Db", "CREATE_IN_PROGRESS", message="33 of 37 resources"))
    clock.advance(29)
    show.remind()
    clock.advance(2)
    show.remind()
    show.remind()
    assert out.getvalue().splitlines() == [
        "[00:00] provision  stack  ...  shop",
        "[00:31] still provision  shop  33 of 37 resources, Db 31 s",
    ]


@pytest.mark.fast
def test_json_lines_are_the_events() -> None:
    out = io.StringIO()
    given_ = event("provision", "Db", K.PROGRESS, "ünterwegs", 3, done=2)
    with renderer(json=True, stream=out) as show:
        show(given_)
    assert json.loads(out.getvalue()) == given_.as_json()


@pytest.mark.fast
@pytest.mark.parametrize(
    ("variables", "kind"),
    [({}, LiveTree), ({"CI": "1"}, PlainLines), ({"NO_COLOR": "1"}, PlainLines), ({"TERM": "dumb"}, PlainLines)],
)
def test_where_there_is_a_terminal(variables: dict[str, str], kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert type(renderer(json=False, stream=Terminal())) is kind
    assert type(renderer(json=False, stream=io.StringIO())) is PlainLines
    assert type(renderer(json=True, stream=Terminal())) is JsonLines


@pytest.mark.fast
def test_the_live_tree_ends_as_the_whole_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "10")
    out = Terminal()
    with LiveTree(out, ManualClock()) as show:
        show(event("build", "web", K.STARTED, "installing"))
        show(event("build", "web", K.NOTE, "a [note] in brackets"))
        show(event("build", "web", K.FINISHED, "web  48 MB"))
    text = out.getvalue()
    assert "a [note] in brackets" in text
    assert "web  48 MB" in text
    assert "✔" in text


def _written(master: int) -> Iterator[str]:
    """What was written to a terminal whose other side is closed."""
    with contextlib.suppress(OSError):  # there is no more
        while chunk := os.read(master, 65536):
            yield chunk.decode()


@pytest.mark.fast
def test_the_tree_is_never_wider_than_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS may be exported by a shell in a window that was wider."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    master, slave = os.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    with os.fdopen(slave, "w") as out, LiveTree(out, ManualClock()) as show:
        show(event("build", "web", K.STARTED, "word " * 30))
        show(event("build", "web", K.FINISHED, "word " * 30))
    text = "".join(_written(master))
    os.close(master)
    assert "word" in text
    assert max(len(line) for line in re.split(r"[\r\n]+", ESCAPES.sub("", text))) <= 60


@pytest.mark.fast
def test_lines_of_many_threads_stay_whole() -> None:
    out = io.StringIO()
    show = PlainLines(out, ManualClock())
    threads = [
        threading.Thread(target=lambda: [show(event("s", "x", K.NOTE, "y" * 50)) for _ in range(50)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(out.getvalue().splitlines()) == {f"[00:00] s          x  {'y' * 50}"}
    assert out.getvalue().count("\n") == 200


def test_a_finished_stage_says_what_it_came_to_and_not_what_was_prepared() -> None:
    tree = grown(
        (0, event("deploy", "upload web", K.STARTED, "web to the bucket")),
        (1, event("deploy", "upload web", K.FINISHED, "web to the bucket")),
        (1, event("deploy", "release web", K.STARTED, "web")),
        (2, event("deploy", "release web", K.FINISHED, "web on 2 instances")),
    )
    assert [line.split("  ")[0] for line in tree.lines(2, width=80, height=9)] == ["✔ deploy"]
    assert "web on 2 instances" in tree.lines(2, width=80, height=9)[0]
    assert "bucket" not in tree.lines(2, width=80, height=9)[0]
