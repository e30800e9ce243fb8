"""Detections: what Recon and its plugins find out about an application."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod


class Precedence(enum.IntEnum):
    """How evidence is weighed, highest first. The Detection with the higher precedence wins; then the higher
    confidence; then the first file name."""

    DECLARED_FOR_PRODUCTION = 50
    """Procfile, platform files, production compose files."""
    DECLARED = 40
    """Manifests: pyproject.toml, package.json, version files."""
    CONTAINER = 30
    """Dockerfile, development compose files."""
    CODE = 20
    """Source code."""
    CONVENTION = 10
    """The framework's default."""
    DOCUMENTED = 5
    """Prose, such as the README."""


@dataclass(frozen=True)
class Detection:
    """One detected value with its evidence.

    field: `language`, `runtime_version`, `package_manager`, `framework`, `install`, `build`, `start`, `release`,
    `test`, `port`, `health_path`, `static_dir`, `need`, `env_required`, `env`, `worker`, `scheduler`, `kind`, `within`,
    `doubt`. `need`, `env_required`, `env`, `worker`, `scheduler` and `doubt` may occur several times. value: text (or
    int for `port`); for `worker` and `scheduler` the command; for `env` a variable and what it must be, `NAME=VALUE`,
    with references such as `$DATABASE_URL`; for `within` the folder, relative to the repository, that holds the whole
    application; for `doubt` a sentence, whose note says what to do. file, line: where the evidence is. confidence: 0 to
    1. language: the language that the value belongs to (an install command for Python does not matter if the service
    uses Node.js); None: any language.
    """

    field: str
    value: str | int
    file: str
    line: int | None
    precedence: Precedence
    confidence: float = 1.0
    note: str | None = None
    language: str | None = None

    def problem(self) -> tuple[str, str] | None:
        """A field with an invalid value, and what it must be; None if all fields are valid."""
        if self.field == "port":
            fits = str(self.value).isascii() and str(self.value).isdigit() and 0 < int(self.value) < 65536
            return None if fits else ("value", "a port from 1 to 65535")
        if not isinstance(self.value, str):
            return ("value", f"a str, as the value of {self.field}")
        return None if 0 <= self.confidence <= 1 else ("confidence", "a number from 0 to 1")

    @property
    def evidence(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.note} in {where}" if self.note else where


LIKELY = 0.5
"""Confidence from which a value is acted upon. What is less certain is shown, and left to a person."""


def best(
    detections: Iterable[Detection], field: str, *, language: str | None = None, least: float = 0
) -> Detection | None:
    """The detection that decides a field: highest precedence, then confidence, then earliest file and line.

    language: those of other languages are left out; None: all compete. least: the confidence from which one counts,
    unless none has it.
    """
    candidates = [
        each for each in detections if each.field == field and (language is None or each.language in {None, language})
    ]
    return min([each for each in candidates if each.confidence >= least] or candidates, key=_rank, default=None)


def all_of(
    detections: Iterable[Detection], field: str, *, language: str | None = None, least: float = LIKELY
) -> tuple[Detection, ...]:
    """Of a field that may come several times: the best detection of each value that is likely, by value.

    Evidence in several files adds up: two that are 40 % sure each make 64 %. least: 0 for unlikely ones too.
    """
    groups: dict[str, dict[str, Detection]] = {}
    for each in sorted((d for d in detections if d.field == field), key=_rank):
        if language is None or each.language in {None, language}:
            files = groups.setdefault(str(each.value), {})
            if each.file not in files or files[each.file].confidence < each.confidence:
                files[each.file] = each
    together = {value: _together(tuple(files.values())) for value, files in groups.items()}
    return tuple(together[value] for value in sorted(together) if together[value].confidence >= least)


def _together(found: tuple[Detection, ...]) -> Detection:
    """The best of several, as certain as all of them are together; where it has no note, with that of the next."""
    if len(found) == 1:
        return found[0]
    ranked = sorted(found, key=_rank)
    note = next((each.note for each in ranked if each.note), None)
    return replace(ranked[0], confidence=round(1 - prod(1 - each.confidence for each in found), 4), note=note)


def settings(found: Iterable[Detection]) -> dict[str, tuple[str, Detection]]:
    """Variable -> its value and the best detection of field `env` that says so."""
    named: dict[str, tuple[str, Detection]] = {}
    for each in sorted((each for each in found if each.field == "env"), key=_rank):
        name, _, value = str(each.value).partition("=")
        named.setdefault(name, (value, each))
    return named


def language_of(detections: Iterable[Detection]) -> Detection | None:
    """The language that an application is written in: the most confident reading, whatever its precedence.

    A repository may hold several (a Python application with a Node build for its pages): each reading says
    how sure it is that it is the one that serves.
    """
    return min(
        (each for each in detections if each.field == "language"),
        key=lambda each: (-each.confidence, *_rank(each)),
        default=None,
    )


def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is to be kept secret."""
    return re.search(r"SECRET|KEY\b|_KEY|APIKEY|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|DSN|SALT", name) is not None


def _rank(each: Detection) -> tuple[int, float, str, int, str]:
    return (-each.precedence, -each.confidence, each.file, each.line or 0, str(each.value))
