"""Findings: remarks of validators, linters and checks, as values."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

_ID = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")


class Severity(enum.StrEnum):
    """The weight of a finding. Only ERROR stops the run."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, order=True)
class Place:
    """A place in a file that a person can go to.

    file: path as the user wrote it. line, column: 1-based; None if only the file is known. excerpt: the whole source
    line, without its line end. length: number of characters to underline.
    """

    file: str
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None
    length: int = 1

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True)
class Finding:
    """One remark of a validator, linter or check. A value, never a print.

    id: stable, such as `H104` (`hivemind explain H104`) or a cfn-lint rule such as `E3012`. message: what is wrong,
    with the offending text. hint: what to write instead, one line. plugin: name of the plugin that it comes from,
    `hivemind` for the core. path: dotted path into the blueprint (`services.web.size`), or None.
    """

    id: str
    severity: Severity
    message: str
    place: Place | None = None
    hint: str | None = None
    plugin: str = "hivemind"
    path: str | None = None

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def problem(self) -> tuple[str, str] | None:
        """A field with an invalid value, and what it must be; None if all fields are valid."""
        return None if _ID.fullmatch(self.id) else ("id", "a word such as ACME1")

    def as_json(self) -> dict[str, object]:
        """The finding as plain data, the form of `--json`."""
        place = self.place
        return {
            "id": self.id,
            "severity": self.severity.value,
            "message": self.message,
            "hint": self.hint,
            "plugin": self.plugin,
            "path": self.path,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "text": place.excerpt if place else None,
        }


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings sorted by place, then id, each once: the order in which they are shown."""

    def key(finding: Finding) -> tuple[str, int, int, str, str]:
        place = finding.place
        return (
            place.file if place else "",
            (place.line or 0) if place else 0,
            (place.column or 0) if place else 0,
            finding.id,
            finding.message,
        )

    return tuple(sorted(dict.fromkeys(findings), key=key))


@dataclass(frozen=True)
class Alike:
    """Findings that say the same of several parts of a blueprint. first: in their order; others: the rest."""

    first: Finding
    others: tuple[Finding, ...] = ()

    @property
    def elsewhere(self) -> str:
        """Where else, in words: `services.b, services.c`; empty where it is said once."""
        return ", ".join(one.path or str(one.place or "the same place") for one in self.others)


def alike(findings: Iterable[Finding]) -> tuple[Alike, ...]:
    """Findings with those together that differ in nothing but the service or resource that they are about, in the order
    of the first of each."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        name = _part(finding)
        said = (_without(name, finding.message), _without(name, finding.hint or ""))
        place = None if name else finding.place
        key = (finding.id, finding.severity, finding.plugin, _without(name, finding.path or ""), said, place)
        groups.setdefault(key, []).append(finding)
    return tuple(Alike(first, tuple(others)) for first, *others in groups.values())


def _part(finding: Finding) -> str:
    """The name of the service or resource that a finding is about; empty where it is about none."""
    of, _, rest = (finding.path or "").partition(".")
    return rest.partition(".")[0] if of in ("services", "resources") else ""


def _without(name: str, text: str) -> str:
    return re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "\0", text) if name else text
