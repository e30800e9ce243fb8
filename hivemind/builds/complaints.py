"""The line of a failed program's output that says what is wrong, with what belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hivemind.builds.build_causes import PLACE, SIGNATURES
from hivemind.values.signatures import Signature, SignatureMatch, Speaker, match

_WHERE = re.compile(
    r"^\s*(?:--> )?[\w@./\\+()\[\]-]*[\w\])]\.\w{1,6}(?::\d+(?::\d+)?:?)?$|"
    r"^\s*File \"[^\"]+\", line \d+$|^ERROR in \S+ \d+:\d+"
)
"""A line that is a place alone: before what is wrong there, or after it."""
_PREFIX = re.compile(
    r"^(?:npm (?:ERR!|error) (?:notarget |notsup |404 |JSON\.parse )?|➤ YN\d+: │ |✘ \[ERROR\] |\[ERROR\] |\[cause\]: )"
)
_FAR = 40
"""Lines within which what belongs to a cause is looked for."""


def first_error(lines: Sequence[str], signatures: Sequence[Signature] = SIGNATURES) -> str | None:
    """What went wrong, in one line, with its place where the output has one; None where nothing tells.

    lines: of the output, without what steers a terminal. The first line that names a cause is taken; without one the
    first that tells of an error, and last what only says that a step failed.
    """
    found = match(signatures, lines, Speaker.BUILD)
    return None if found is None else _told(lines, found)


def advice(lines: Sequence[str]) -> str | None:
    """What to do about what went wrong, where that is known."""
    found = match(SIGNATURES, lines, Speaker.BUILD)
    return found.remedy() if found else None


def _told(lines: Sequence[str], found: SignatureMatch) -> str:
    """The line with what belongs to it."""
    number, point = found.number, found.signature.point
    line = lines[number]
    text = _bare(line)
    if point:
        completing = re.compile(point)
        further = next((each for each in lines[number + 1 : number + _FAR] if completing.match(each)), None)
        return f"{text}: {_bare(further)}" if further else text
    if re.match(rf"\s*{PLACE}[:(]\d+", line):
        return text
    after = next((each for each in lines[number + 1 : number + 3] if each.strip()), "")
    before = next((each for each in reversed(lines[max(0, number - 4) : number]) if _WHERE.match(each)), "")
    for place in (after, before):
        if _WHERE.match(place) and not place.startswith(" " * 12):
            where = re.sub(r"^(?:--> |ERROR in )", "", place.strip()).rstrip(":")
            return f"{where}: {text}"
    return text


def _bare(line: str) -> str:
    """Without what its tool puts before each line, and its blanks."""
    return " ".join(_PREFIX.sub("", line.strip()).split())
