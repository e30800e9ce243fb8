"""Lines folded to the window: what goes over its edge continues below, indented under its own text."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable

_COLUMNS = 80
"""Columns where nothing says how wide the window is: in a pipe, in CI."""
_NARROWEST = 40
"""Columns below which nothing is folded any tighter."""

_LEAD = re.compile(r"\s*(?:[-+~!^=*·] )?(?:\S+  +)?")
"""Indent, sign and name of a line: what its continuation is indented by."""

_SIGN = re.compile(r" *[-+~!^=*·] ")

_KEPT = re.compile(r"(?<=\d) (?=[^\W\d_])|(?<=`)[^`]{1,40}(?=`)|(?<=\bhivemind) (?=[a-z])")
"""Where no line ends: between a number and what it counts, and within a short command."""
_KEEP = "\N{NO-BREAK SPACE}"


def width() -> int:
    """Columns of a line: those of the window less one, else of the variable COLUMNS, else 79."""
    return max(_NARROWEST, shutil.get_terminal_size((_COLUMNS, 24)).columns - 1)


def folded(lines: Iterable[str]) -> str:
    """The lines as one text, each within the window. A word that is longer than the window stays whole."""
    return "\n".join(part for line in lines for part in fold(line, width()))


def fold(line: str, columns: int, *, indent: int | None = None) -> list[str]:
    """One line as lines of at most so many columns. indent: of those after the first; None: that of the line's text."""
    if len(line) <= columns:
        return [line]
    margin = len(line) - len(line.lstrip(" "))
    lead = _LEAD.match(line)
    start = min(lead.end() if lead else 0, columns * 3 // 5)
    kept = _KEPT.sub(lambda found: found[0].replace(" ", _KEEP), line)
    if start + max(map(len, kept[start:].split()), default=0) > columns:  # the longest word needs the room
        start = margin
    below = indent if indent is not None else start if start > margin else _below(margin, kept, columns)
    parts = textwrap.wrap(
        kept[start:],
        columns,
        initial_indent=" " * start,
        subsequent_indent=" " * below,
        break_long_words=False,
        break_on_hyphens=False,
    )
    first, *others = [part.replace(_KEEP, " ") for part in parts]
    return [line[:start] + first[start:], *others]


def _below(margin: int, kept: str, columns: int) -> int:
    """Indent below a line without a name, or with one that its text has no room beside: a sign's, else its own."""
    sign = _SIGN.match(kept)
    room = columns - max(map(len, kept.split()), default=0)
    return max(margin, min(sign.end() if sign else margin, room))
