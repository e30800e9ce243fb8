"""Plain columns."""

from __future__ import annotations

from collections.abc import Sequence

from hivemind.text.visible import visible

_WIDEST = 60


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines with aligned columns; a cell over 60 characters pushes the rest of its line, and no other.

    What would steer a terminal is replaced: cells may hold text of a repository that nobody has looked at.
    """
    if not rows:
        return ""
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [
        max((len(row[column]) for row in rows if len(row[column]) <= _WIDEST), default=0)
        for column in range(len(rows[0]))
    ]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
