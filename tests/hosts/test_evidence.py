"""What goes with a failure are the lines that tell most, not the tail of what came of it."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.hosts.onhost.evidence import telling

CODE = """\
import json
def settings(text):
    return json.loads(text)
def report(error):
    raise KeyError("SENTRY_DSN")
def handle(depth):
    if depth:
        handle(depth - 1)
    else:
        try:
            settings("flour: rye")
        except ValueError as error:
            report(error)
def reporter():
    try:
        handle(20)
    except KeyError as error:
        raise RuntimeError("reporter is broken") from error
"""


def chain(path: Path) -> list[str]:
    """The lines that Python itself writes for three exceptions, each raised while the one before is handled."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CODE)
    names: dict[str, object] = {}
    exec(compile(CODE, str(path), "exec"), names)
    try:
        names["reporter"]()  # type: ignore[operator]
    except RuntimeError:
        return traceback.format_exc().splitlines()
    raise AssertionError


@pytest.mark.fast
def test_the_first_exception_of_a_chain_and_the_applications_own_place(tmp_path: Path) -> None:
    said = ["starting", *chain(tmp_path / "app/shop.py"), *(f"GET /up 500 {number}" for number in range(8))]
    found = telling(said, 12)
    assert found[0] == "Traceback (most recent call last):"
    assert found[1].strip().startswith(f'File "{tmp_path}/app/shop.py", line 3')
    assert found[2].strip() == "return json.loads(text)"
    assert found[3].startswith("json.decoder.JSONDecodeError: Expecting value")
    assert found[4] == "..."
    assert found[-1] == "GET /up 500 7"
    assert len(found) == 12


@pytest.mark.fast
def test_what_fits_is_left_as_it_is(tmp_path: Path) -> None:
    said = chain(tmp_path / "app/shop.py")
    assert telling(said, 200) == said
    assert telling(["a", "b", "c"], 2) == ["b", "c"]


@pytest.mark.fast
def test_of_several_crashes_the_last_counts(tmp_path: Path) -> None:
    old = ["Traceback (most recent call last):", '  File "/x/old.py", line 1, in <module>', "ValueError: old", ""]
    found = telling([*old, "starting again", *chain(tmp_path / "app/shop.py")], 10)
    assert not any("old" in line for line in found)
    assert any("JSONDecodeError" in line for line in found)


@pytest.mark.fast
def test_frames_of_libraries_alone_leave_the_exception(tmp_path: Path) -> None:
    found = telling(chain(tmp_path / "lib/python3.11/site-packages/shop.py"), 8)
    assert found[1].startswith("json.decoder.JSONDecodeError")


@pytest.mark.fast
def test_the_deepest_cause_of_java() -> None:
    trace = ["Exception in thread main: A", "\tat x.Y.z(Y.java:1)", "Caused by: B", *["\tat a.B.c(B.java:2)"] * 9]
    trace += ["Caused by: java.net.ConnectException: refused", "\tat shop.Till.open(Till.java:7)"]
    trace += [*["\tat org.spring.Q.r(Q.java:3)"] * 30, "... 12 more"]
    found = telling(trace, 10)
    assert found[:2] == ["Caused by: java.net.ConnectException: refused", "\tat shop.Till.open(Till.java:7)"]
    assert found[-1] == "... 12 more"


LINES = st.sampled_from(
    ["Traceback (most recent call last):", '  File "a.py", line 1, in b', "    code", "ValueError: x", "",
     "Caused by: y", "During handling of the above exception, another exception occurred:", "GET /"]
)  # fmt: skip


@pytest.mark.property
@given(st.lists(LINES, max_size=60), st.integers(1, 30))
def test_any_lines_give_lines_of_the_log_and_no_more_than_asked_for(lines: list[str], count: int) -> None:
    found = telling(lines, count)
    assert len(found) <= count
    assert set(found) <= {*lines, "..."}
    if len(lines) <= count:
        assert found == lines
