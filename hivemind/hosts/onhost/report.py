"""What the installer says: one JSON object a line on standard output. Values of the environment never."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "[hidden]"
SHORTEST_MASKED = 4


class InstallError(Exception):
    """A step failed. message: for people. lines: the application's or command's last output."""

    def __init__(self, message: str, lines: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.lines = tuple(lines)


class Reporter:
    """Writes the protocol. hidden: values that are masked wherever they would appear."""

    def __init__(self, hidden: Iterable[str] = ()) -> None:
        # Output comes by lines, so the lines of a value too; the longest first: one may be part of another.
        pieces = {piece for value in hidden for piece in (value, *value.splitlines())}
        usable = {piece for piece in pieces if len(piece) >= SHORTEST_MASKED}
        self._hidden = sorted(usable, key=len, reverse=True)

    def mask(self, text: str) -> str:
        """The text with every hidden value replaced."""
        for value in self._hidden:
            text = text.replace(value, MASK)
        return text

    def step(self, step: str, message: str, *, ok: bool = True, data: Mapping[str, Any] | None = None) -> None:
        """Says that a step ended. data: plain JSON values."""
        self._write({"step": step, "ok": ok, "message": self.mask(message), **({"data": data} if data else {})})

    def line(self, step: str, text: str) -> None:
        """One line of output of a running command."""
        self._write({"step": step, "line": self.mask(text)})

    def failed(self, step: str, error: InstallError, *, current: str | None) -> None:
        """Says that a step failed, with evidence and the release that stays current."""
        self._write(
            {
                "step": step,
                "ok": False,
                "message": self.mask(error.message),
                "lines": [self.mask(line) for line in error.lines],
                "current": current,
            }
        )

    @staticmethod
    def _write(entry: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(entry, ensure_ascii=True) + "\n")
        sys.stdout.flush()
