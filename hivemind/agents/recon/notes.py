"""Detections of one language in one folder, noted down as they are found."""

from __future__ import annotations

from collections.abc import Mapping

from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence

Spot = tuple[str, int | None]
"""A file and a line in it."""


def of_container(
    folder: Folder, field: str, value: str | int, file: str, line: int | None, *, sure: float = 0.9,
    note: str | None = None, language: str | None = None,
) -> Detection:  # fmt: skip
    """What a Dockerfile or a compose file says. sure: its confidence. language: the one it counts for, None for any."""
    container = Precedence.CONTAINER
    return folder.found(field, value, file, line, precedence=container, confidence=sure, note=note, language=language)


def for_production(
    folder: Folder, field: str, value: str | int, file: str, key: str, *, sure: float = 0.95, note: str | None = None
) -> Detection:
    """What a platform's file says. key: the pattern of the key that says it, which gives the line. sure: its
    confidence."""
    line = folder.line(file, rf"(?:^|[\s\"'{{,\[-])(?:{key})[\"']?\s*(?:[:=\]]|$)")
    production = Precedence.DECLARED_FOR_PRODUCTION
    return folder.found(field, value, file, line, precedence=production, confidence=sure, note=note)


class Notes:
    """found: the detections so far. Each method adds one; `sure` is its confidence."""

    def __init__(self, folder: Folder, language: str) -> None:
        self.folder = folder
        self.language = language
        self.found: list[Detection] = []

    def declared(
        self, field: str, value: str | int, file: str, line: int | None = None, *, sure: float = 1.0,
        note: str | None = None,
    ) -> None:  # fmt: skip
        """What a manifest or version file says."""
        self._add(field, value, (file, line), Precedence.DECLARED, sure=sure, note=note)

    def code(
        self, field: str, value: str | int, file: str, line: int | None = None, *, sure: float = 0.9,
        note: str | None = None,
    ) -> None:  # fmt: skip
        """What source code says."""
        self._add(field, value, (file, line), Precedence.CODE, sure=sure, note=note)

    def usual(
        self, field: str, value: str | int, file: str, line: int | None = None, *, sure: float = 0.8,
        note: str | None = None,
    ) -> None:  # fmt: skip
        """What the language or framework does unless told otherwise."""
        self._add(field, value, (file, line), Precedence.CONVENTION, sure=sure, note=note)

    def guess(
        self, field: str, value: str | int, file: str, line: int | None = None, *, note: str | None = None
    ) -> None:
        """What is taken where nothing is said at all: a README beats it."""
        self._add(field, value, (file, line), Precedence.DOCUMENTED, sure=0.4, note=note)

    def speaks(self, file: str, sure: float, line: int | None = None) -> None:
        """The language itself. sure: how certain it is that this language is what serves here."""
        self._add("language", self.language, (file, line), Precedence.DECLARED, sure=sure, note=None)

    def kind(self, kind: str, spot: Spot, sure: float = 0.9, note: str | None = None) -> None:
        """web, worker, static, library or cli."""
        self._add("kind", kind, spot, Precedence.CODE, sure=sure, note=note)

    def needs(self, drivers: Mapping[str, Spot], table: Mapping[str, tuple[str, ...]]) -> None:
        """A `need` for each database that one of these drivers speaks to. table: database -> drivers."""
        for need, names in table.items():
            driver = next((name for name in names if name in drivers), None)
            if driver is not None:
                self._add("need", need, drivers[driver], Precedence.DECLARED, sure=0.9, note=driver)

    def _add(
        self, field: str, value: str | int, spot: Spot, precedence: Precedence, *, sure: float, note: str | None
    ) -> None:
        self.found.append(
            self.folder.found(
                field, value, *spot, precedence=precedence, confidence=sure, note=note, language=self.language
            )
        )
