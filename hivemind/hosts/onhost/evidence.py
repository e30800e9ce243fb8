"""The lines of a log that tell most: of a chain of exceptions the first, with the application's own place in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

LOOKED_AT = 400
"""Last lines of a log in which a chain of exceptions is looked for."""
_BEGINS = "Traceback (most recent call last):"
_LINKS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
"""What Python writes between the exceptions of a chain, the first of them first (its `traceback` module)."""
_FRAME = re.compile(r'\s+File "([^"]*)", line \d+')
_OF_OTHERS = re.compile(r"site-packages|dist-packages|/lib/python\d|/python\d[\d.]*/|/venv/|^<|/bin/")
_CAUSED = "Caused by: "
"""What Java writes before each deeper cause, the deepest last (`Throwable.printStackTrace`)."""


def telling(lines: Sequence[str], count: int) -> list[str]:
    """At most `count` lines: the last ones, and before them, where it is further up, the first exception of the last
    chain with the last place in the application's own code."""
    last = list(lines[-count:])
    begins = _first_of_chain(lines)
    if begins is None:
        return _java(lines, last, count)
    if begins >= len(lines) - count:
        return last
    place, said = _read(lines, begins)
    if not said:
        return last
    first = [lines[begins], *place, *said[:3], "..."]
    return [*first, *(last[len(first) - count :] if len(first) < count else [])][:count]


def _first_of_chain(lines: Sequence[str]) -> int | None:
    """Where the last chain of exceptions begins."""
    begins = [number for number, line in enumerate(lines) if line.strip() == _BEGINS]
    if not begins:
        return None
    first = len(begins) - 1
    while first > 0 and any(link in line for line in lines[begins[first - 1] : begins[first]] for link in _LINKS):
        first -= 1
    return begins[first]


def _read(lines: Sequence[str], begins: int) -> tuple[list[str], list[str]]:
    """The last frame in the application's own code with its line of code, and what the exception says."""
    place: list[str] = []
    indent = len(lines[begins]) - len(lines[begins].lstrip())
    for number in range(begins + 1, len(lines)):
        line = lines[number]
        match = _FRAME.match(line)
        if match and not _OF_OTHERS.search(match[1]):
            code = lines[number + 1] if number + 1 < len(lines) else ""
            place = [line, code] if code.startswith(" " * (indent + 4)) else [line]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            end = next((each for each in range(number, len(lines)) if not lines[each].strip()), len(lines))
            return place, list(lines[number:end])
    return place, []


def _java(lines: Sequence[str], last: list[str], count: int) -> list[str]:
    """The deepest cause of Java's, where it is further up than the last lines."""
    causes = [number for number, line in enumerate(lines) if line.strip().startswith(_CAUSED)]
    if not causes or causes[-1] >= len(lines) - count:
        return last
    deepest = list(lines[causes[-1] : causes[-1] + 3])
    return [*deepest, "...", *last[len(deepest) + 1 - count :]][:count] if count > len(deepest) + 1 else deepest[:count]
