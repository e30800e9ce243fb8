"""Rows of the table, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison. ours, theirs: in `unit`, the minimum of the runs. aim: of the ratio ours/theirs or, where
    `theirs` is None, of `ours` itself. note: what else was seen."""

    name: str
    peer: str
    ours: float
    theirs: float | None
    aim: float | None
    unit: str = "s"
    note: str = ""

    @property
    def value(self) -> float:
        """What the aim is for."""
        return self.ours / self.theirs if self.theirs else self.ours

    @property
    def reached(self) -> bool | None:
        return None if self.aim is None else self.value <= self.aim

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "peer": self.peer,
            "ours": self.ours,
            "theirs": self.theirs,
            "unit": self.unit,
            "value": round(self.value, 3),
            "aim": self.aim,
            "reached": self.reached,
            "note": self.note,
        }


def printed(rows: Sequence[Row]) -> str:
    """The table as text."""
    head = ("what", "HiveMind", "peer", "", "ratio", "aim", "")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    left = (0, 3, 6)
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" if index in left else f"{cell:>{width}}"
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    aim = "" if row.aim is None else f"<= {row.aim:g}" + ("" if row.theirs else f" {row.unit}")
    verdict = {True: "ok", False: "MISSED", None: ""}[row.reached]
    return (
        row.name,
        _amount(row.ours, row.unit),
        "" if row.theirs is None else _amount(row.theirs, row.unit),
        row.peer,
        f"{row.value:.2f}" if row.theirs else "",
        aim,
        "  ".join(part for part in (verdict, row.note) if part),
    )


def _amount(value: float, unit: str) -> str:
    return f"{value:.3f} s" if unit == "s" else f"{value:g} {unit}"
