"""The suite's budget (suite.toml): where the time of a run went, and whether it is within its limit.

`python tests/budget.py FILE` shows the last run that HIVEMIND_TEST_DURATIONS kept; over the limit its exit code is 1.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

REST = "rest"


@cache
def read() -> Mapping[str, Any]:
    """suite.toml."""
    return tomllib.loads(Path(__file__).with_name("suite.toml").read_text(encoding="utf-8"))


def area(nodeid: str) -> str:
    """The area of a test: its folder below tests/, where that has a budget of its own."""
    folder = nodeid.removeprefix("tests/").partition("/")[0]
    return folder if folder in read()["areas"] else REST


def spent(durations: Iterable[tuple[str, float]], workers: int) -> dict[str, float]:
    """Seconds of the run by area. durations: test and seconds, several of one test where it was set up and ended."""
    found: dict[str, float] = defaultdict(float)
    for nodeid, seconds in durations:
        found[area(nodeid)] += seconds / workers
    return {name: round(found[name], 1) for name in read()["areas"]}


def table(entry: Mapping[str, Any]) -> Iterator[str]:
    """Lines for people: what was measured beside the budget. entry: a line of the durations file."""
    yield f"{'area':12} {'measured':>9} {'budget':>7}"
    for name, budget in read()["areas"].items():
        measured = entry["areas"][name]
        yield f"{name:12} {measured:7.1f} s {budget:5} s{'  over' if measured > budget else ''}"
    time = read()["time"]
    yield f"{'make test':12} {entry['seconds']:7.1f} s {time['aim']:5} s; fails over {time['limit']} s"


def stress_part(nodeid: str) -> str:
    """The part of `make stress` that a test with this marker belongs to."""
    return next(name for name, places in read()["stress"].items() if _is_in(nodeid, places))


def together(nodeid: str) -> str:
    """What one worker runs in a row: tests with the same answer."""
    distribution = read()["distribution"]
    for name, places in distribution["together"].items():
        if _is_in(nodeid, places):
            return str(name)
    return nodeid if _is_in(nodeid, distribution["apart"]) else nodeid.partition("::")[0]


def _is_in(nodeid: str, places: Iterable[str]) -> bool:
    """Whether a test is one of those places: folders, files, tests with or without their parameters."""
    return any(nodeid == one or nodeid.startswith((f"{one}/", f"{one}::", f"{one}[")) for one in places)


def main(durations: Path) -> int:
    entry = json.loads(durations.read_text(encoding="utf-8").splitlines()[-1])
    print("\n".join(table(entry)))
    return int(entry["seconds"] > read()["time"]["limit"])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
