"""Plain columns that fit the window."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from hivemind.cli.paragraphs import width
from hivemind.text.visible import visible

_NARROWEST = 12
"""Characters below which no column is made narrower."""
_LONG_WORD = 40
"""Characters of a word from which on it does not keep its column wide."""
_GAP = "  "


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines with aligned columns, within the window.

    Columns that are too wide are made narrower, the widest first, and their cells go on below. A cell with a word that
    its column has no room for gets lines of its own, so that no word is broken. What would steer a terminal is
    replaced: cells may hold text of a repository that nobody has looked at.
    """
    if not rows:
        return ""
    clean = [[visible(cell) for cell in row] for row in rows]
    whole = width()
    columns = _columns(clean, whole)
    return "\n".join(line for row in clean for line in _lines(row, columns, whole))


def _columns(rows: Sequence[Sequence[str]], whole: int) -> list[int]:
    cells = list(zip(*rows, strict=True))
    columns = [min(whole, max(map(len, column))) for column in cells]
    words = [max((len(word) for cell in column for word in cell.split()), default=0) for column in cells]
    room = whole - len(_GAP) * (len(columns) - 1)
    while sum(columns) > room and max(columns) > _NARROWEST:
        every = range(len(columns))
        roomy = [one for one in every if columns[one] > min(words[one], _LONG_WORD)] or every
        columns[max(roomy, key=columns.__getitem__)] -= 1
    return columns


def _lines(row: Sequence[str], columns: Sequence[int], whole: int) -> list[str]:
    lines: list[str] = []
    beside: list[list[str]] = []
    for cell, column in zip(row, columns, strict=True):
        parts = _wrapped(cell, column)
        if any(len(part) > column for part in parts):
            lines += _beside(beside, columns)
            lines += [f"    {part}" for part in _wrapped(cell, whole - 4)] if beside else _wrapped(cell, whole)
            beside = [[""] for _ in beside] + [[""]]
        else:
            beside.append(parts)
    return lines + _beside(beside, columns)


def _beside(cells: Sequence[Sequence[str]], columns: Sequence[int]) -> list[str]:
    """Cells side by side, without lines that are blank."""
    height = max(map(len, cells), default=0)
    filled = [[*parts, *[""] * (height - len(parts))] for parts in cells]
    lines = (
        _GAP.join(part.ljust(column) for part, column in zip(line, columns, strict=False)).rstrip()
        for line in zip(*filled, strict=True)
    )
    return [line for line in lines if line]


def _wrapped(cell: str, columns: int) -> list[str]:
    if len(cell) <= columns:
        return [cell]
    indent = len(cell) - len(cell.lstrip())
    return textwrap.wrap(
        cell, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    ) or [""]
