"""Findings as people see them, and as JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator

import click

from hivemind.cli.paragraphs import fold, width
from hivemind.text.visible import visible
from hivemind.values.findings import Finding, Place, Severity, alike, in_order

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def render(findings: Iterable[Finding], *, as_json: bool = False, err: bool = True) -> None:
    """Prints findings by place: text to standard error (standard output with `err` off), or one JSON object to
    standard output."""
    ordered = in_order(findings)
    if as_json:
        click.echo(json.dumps(as_data(ordered), ensure_ascii=False))
        return
    for line in _grouped(ordered):
        click.echo(line, err=err)
    click.echo(summary(ordered), err=err)


def as_data(findings: Iterable[Finding]) -> dict[str, object]:
    """`{"findings": [...], "errors": n, "warnings": n, "valid": bool}`."""
    ordered = in_order(findings)
    errors = sum(finding.is_error for finding in ordered)
    return {
        "findings": [finding.as_json() for finding in ordered],
        "errors": errors,
        "warnings": sum(finding.severity is Severity.WARNING for finding in ordered),
        "valid": errors == 0,
    }


def text(findings: Iterable[Finding]) -> str:
    """What `render` prints as text, without colours."""
    ordered = in_order(findings)
    lines = [click.unstyle(line) for line in _grouped(ordered)]
    return "\n".join([*lines, summary(ordered)]) + "\n"


def summary(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning. `hivemind explain H112` says more.``"""
    found = tuple(findings)
    counts = [
        f"{number} {severity.value}{'s' if number != 1 else ''}"
        for severity in (Severity.ERROR, Severity.WARNING)
        if (number := sum(finding.severity is severity for finding in found))
    ]
    said = ", ".join(counts) or "No errors or warnings"
    worst = sorted((f for f in found if f.id.startswith("H")), key=lambda finding: not finding.is_error)
    return f"{said}." + (f" `hivemind explain {worst[0].id}` says more." if worst else "")


def _grouped(findings: Iterable[Finding]) -> Iterator[str]:
    """All findings; what several parts have alike is shown once, with the others named."""
    for one in alike(findings):
        yield from _lines(one.first)
        if one.others:
            places = (f"{other.path} ({other.place})" if other.place else str(other.path) for other in one.others)
            yield from fold(_clean(f"     The same for {', '.join(places)}"), width(), indent=5)


def _lines(finding: Finding) -> Iterator[str]:
    severity = finding.severity.value
    by = "" if finding.plugin == "hivemind" else f"  [{_clean(finding.plugin)}]"
    where = f"{_clean(str(finding.place))}  " if finding.place else ""
    first, *others = fold(f"{where}{severity}  {finding.id}  {_clean(finding.message)}{by}", width(), indent=5)
    colour = _COLOURS[finding.severity]
    yield first.replace(f"{where}{severity}  ", f"{where}{click.style(severity, fg=colour)}  ", 1)
    yield from others
    hint = _clean(finding.hint or "")
    place = finding.place
    if place is None or place.line is None or place.excerpt is None or place.column is None:
        if hint:
            yield from fold(f"     {hint}", width(), indent=5)
        return
    line, column = _window(place)
    yield f"{place.line:>4} | {line}"
    before = "".join(_blank(character) for character in line[: column - 1])
    length = max(1, min(place.length, len(line) - column + 1))
    marks = "^" * sum(_width(character) for character in line[column - 1 : column - 1 + length]) or "^"
    pointer = f"     | {before}{click.style(marks, fg=colour)}"
    beside = 9 + sum(map(_width, line[: column - 1])) + len(marks)
    if beside + len(hint) <= width() and "\t" not in before:
        yield pointer + (f"  {hint}" if hint else "")
        return
    yield pointer
    yield from fold(f"     {hint}", width(), indent=5)


def _window(place: Place) -> tuple[str, int]:
    """The line, cut to the part around the column when it is long, and the column within it."""
    line, column = _clean(place.excerpt or ""), place.column or 1
    room = width() - len(f"{9999} | ") - 2
    if len(line) <= room + 2:
        return line, column
    start = max(0, min(column - 1 - room // 3, len(line) - room))
    cut = ("…" if start else "") + line[start : start + room] + ("…" if start + room < len(line) else "")
    return cut, column - start + (1 if start else 0)


def _clean(shown: str) -> str:
    """Text of a file or plugin without what would steer a terminal."""
    return visible(shown.replace("\n", " "), keep="\t")


def _blank(character: str) -> str:
    return "\t" if character == "\t" else " " * _width(character)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
