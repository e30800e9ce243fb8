"""The folder of one service, as the language modules see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from hivemind.detections.detection import Detection, Precedence
from hivemind.repositories.repository import Repository
from hivemind.text.bounded import bounded

_LONGEST_PATH = 500
"""Characters; a longer one says nothing about an application."""
_NOT_THE_APPLICATION = frozenset(
    {"test", "tests", "spec", "specs", "__tests__", "e2e", "docs", "doc", "docs_src",
     "examples", "example", "samples", "fixtures",
     "testing", "benchmarks", "migrations", "cypress", "stories", "vendor", "third_party"}
)  # fmt: skip


@dataclass(frozen=True)
class Folder:
    """files: paths relative to the folder. All paths of the methods are relative to it too."""

    repository: Repository
    path: str
    files: tuple[str, ...]

    @classmethod
    def of(cls, repository: Repository, path: str) -> Folder:
        clean = PurePosixPath(path).as_posix()
        return cls(repository, clean, tuple(file for file in repository.under(clean) if len(file) <= _LONGEST_PATH))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.files)

    def has(self, file: str) -> bool:
        return file in self._names

    def first(self, *files: str) -> str | None:
        """The first of these files that is there."""
        return next((file for file in files if file in self._names), None)

    def text(self, file: str, *, limit: int = 1_000_000) -> str | None:
        """A file's text, to search in: bounded (`hivemind.text.bounded`), so that no expression takes the square of its
        length. None where it is missing, ignored, binary or too large."""
        whole = self.whole(file, limit=limit)
        return None if whole is None else bounded(whole)

    def whole(self, file: str, *, limit: int = 1_000_000) -> str | None:
        """The same as it is, for a parser."""
        return self.repository.text(self.in_repository(file), limit=limit) if self.has(file) else None

    def in_repository(self, file: str) -> str:
        """A path relative to the folder as one relative to the repository."""
        return file if self.path in {".", ""} else f"{self.path}/{file}"

    def toml(self, file: str) -> dict[str, Any]:
        """A TOML file's content; empty where it is missing or wrong."""
        from hivemind.text.file_formats import toml_table

        return toml_table(self.whole(file))

    def json(self, file: str) -> dict[str, Any]:
        """A JSON file's object, comments and trailing commas allowed; empty where it is missing, wrong or no object."""
        from hivemind.text.file_formats import json_object

        return json_object(self.whole(file))

    def yaml(self, file: str) -> dict[str, Any]:
        """A YAML file's mapping, without aliases being expanded; empty where it is missing, wrong or no mapping."""
        from hivemind.text.file_formats import yaml_mapping

        return yaml_mapping(self.whole(file))

    def top(self, *suffixes: str) -> tuple[str, ...]:
        """The files at the top of the folder whose names end so."""
        return tuple(file for file in self._top if file.endswith(suffixes))

    @cached_property
    def _top(self) -> tuple[str, ...]:
        return tuple(file for file in self.files if "/" not in file)

    def line(self, file: str, pattern: str) -> int | None:
        """The first line of a file that a regular expression matches somewhere, 1-based."""
        compiled = re.compile(pattern, re.IGNORECASE)
        for number, line in enumerate((self.text(file) or "").splitlines(), 1):
            if compiled.search(line[:2000]):
                return number
        return None

    def sources(self, *suffixes: str, most: int = 2000) -> Iterator[str]:
        """Source files of the application itself: no tests, documentation or examples. The shallowest first."""
        chosen = (
            file
            for file in self.files
            if file.endswith(suffixes) and not _NOT_THE_APPLICATION.intersection(file.lower().split("/")[:-1])
        )
        yield from sorted(chosen, key=lambda file: (file.count("/"), file))[:most]

    def found(
        self,
        field: str,
        value: str | int,
        file: str,
        line: int | None = None,
        *,
        precedence: Precedence = Precedence.DECLARED,
        confidence: float = 1.0,
        note: str | None = None,
        language: str | None = None,
    ) -> Detection:
        """A Detection with its evidence in this folder."""
        return Detection(field, value, self.in_repository(file), line, precedence, confidence, note, language)
