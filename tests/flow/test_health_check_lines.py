"""Health checks in a log: known in any server's words, and never in the way of what the application says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.flow.health_check_lines import MOST, last, recogniser

pytestmark = pytest.mark.fast
PYTHON = '127.0.0.1 - - [30/Nov/2026 17:00:00] "GET /up HTTP/1.1" 200 -'
CHECK = "GET /up"


@pytest.mark.parametrize(
    "line",
    [
        PYTHON,
        '10.0.0.7 - - "GET /up?x=1 HTTP/1.1" 200 2 "-" "ELB-HealthChecker/2.0"',
        "GET /up 200 3.1 ms",
        'INFO: 10.0.0.7:1234 - "HEAD /up HTTP/1.1" 200 OK',
        '{"level":"info","method":"GET","url":"/up","status":200}',
        "method=GET path=/up status=200",
        'GET http://10.0.1.1:8000/up "200"',
    ],
)
def test_a_check_is_known_by_its_path(line: str) -> None:
    assert recogniser("/up")(line)


@pytest.mark.parametrize("line", ["GET /upload", "GET /up/2", "POST /up", "came up: /up is the path", "path=/upper"])
def test_other_lines_are_not(line: str) -> None:
    assert not recogniser("/up")(line)


def test_the_first_page_is_everybodys() -> None:
    for path in ("/", None):
        assert not recogniser(path)('"GET / HTTP/1.1" 200')
        assert recogniser(path)('"GET / HTTP/1.1" 200 "ELB-HealthChecker/2.0"')


@given(
    st.lists(st.sampled_from([CHECK, "said"]), max_size=300),
    st.integers(min_value=1, max_value=5),
)
def test_as_many_lines_as_wanted_if_there_are_any(log: list[str], wanted: int) -> None:
    numbered = [f"{line} {number}" for number, line in enumerate(log)]
    lines, among = last(lambda count: numbered[-count:], wanted, recogniser("/up"))
    said = [line for line in numbered if line.startswith("said")]
    assert lines == said[-wanted:]
    assert not lines or numbered[-among] == lines[0]


def test_it_asks_for_more_until_there_are_enough_and_no_further_than_a_bound() -> None:
    log = ["said", *[CHECK] * 3000]
    asked: list[int] = []

    def read(count: int) -> list[str]:
        asked.append(count)
        return log[-count:]

    assert last(read, 1, recogniser("/up")) == (["said"], 3001)
    assert asked == [50, 500, 5000]
    assert last(lambda count: [CHECK] * count, 1, recogniser("/up")) == ([], 0)
    assert MOST >= 50_000
