"""Detections: what Recon and its plugins find out about an application."""

from __future__ import annotations

import enum
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
    confidence: 0 to 1.
    """

    field: str
    value: str | int
    file: str
    line: int | None
    precedence: Precedence
    confidence: float = 1.0
    note: str | None = None

    @property
    def evidence(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.note} in {where}" if self.note else where
