"""Detections: what Recon and its plugins find out about an application."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Precedence(enum.IntEnum):
    """How evidence is weighed, highest first. A Detection with the higher precedence wins; within
    one, the higher confidence; within that, the earlier file name."""

    DECLARED_FOR_PRODUCTION = 50
    """Procfile, platform files, production compose files."""
    DECLARED = 40
    """Manifests: pyproject.toml, package.json, version files."""
    CONTAINER = 30
    """Dockerfile, development compose files."""
    CODE = 20
    """Read out of source code."""
    CONVENTION = 10
    """What the framework does unless told otherwise."""
    DOCUMENTED = 5
    """Prose, such as the README."""


@dataclass(frozen=True)
class Detection:
    """One value with its evidence.

    field: `language`, `runtime_version`, `package_manager`, `framework`, `install`, `build`, `start`,
    `release`, `port`, `health_path`, `static_dir`, `need`, `env_required`, `kind`. `need` and
    `env_required` may come several times. value: text (or int for `port`). file, line: where it stands.
    confidence: 0 to 1. language: the reading that the value belongs to (an install command of the Python
    part of a repository says nothing where Node was chosen); None: it holds for any.
    """

    field: str
    value: str | int
    file: str
    line: int | None
    precedence: Precedence
    confidence: float = 1.0
    note: str | None = None
    language: str | None = None

    @property
    def evidence(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.note} in {where}" if self.note else where


SEVERAL = frozenset({"need", "env_required"})
"""Fields of which every value counts, not the best alone."""


def best(detections: Iterable[Detection], field: str, *, language: str | None = None) -> Detection | None:
    """The detection that decides a field: highest precedence, then confidence, then earliest file and line.

    language: those of other languages are left out; None: all compete.
    """
    candidates = [
        each for each in detections if each.field == field and (language is None or each.language in {None, language})
    ]
    return min(candidates, key=_rank, default=None)


def all_of(detections: Iterable[Detection], field: str, *, language: str | None = None) -> tuple[Detection, ...]:
    """Of a field that may come several times: the best detection of each value, by value."""
    chosen: dict[str, Detection] = {}
    for each in sorted((d for d in detections if d.field == field), key=_rank):
        if language is None or each.language in {None, language}:
            chosen.setdefault(str(each.value), each)
    return tuple(chosen[value] for value in sorted(chosen))


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


def _rank(each: Detection) -> tuple[int, float, str, int, str]:
    return (-each.precedence, -each.confidence, each.file, each.line or 0, str(each.value))
