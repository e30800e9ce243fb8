"""Lines of source and version files, read for what they say without being understood as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hivemind.agents.recon.folder import Folder

_LARGEST = 200_000
_LONGEST_LINE = 1000
_MOST_FILES = 600
_MOST_TEXT = 3_000_000
_MOST_HITS = 50
_DIGIT = re.compile(r"\d")
_VERSION = re.compile(r"v?(\d+(?:\.[\dA-Za-z_+-]+)*)")

HEALTH = (
    r"/(?:(?:[\w.-]+/){0,3}(?:-/)?(?:_{0,2}health(?:z|y|[_-]?check)?(?:_{2})?(?:/live|/liveness)?|livez|liveness|"
    r"_{2}(?:lb)?heartbeat_{2})|(?:api/)?(?:alive|up|ping|status|heartbeat))/?"
)
"""Paths that applications answer with their own health; what `up` and the like mean shows only near the top."""


@dataclass(frozen=True)
class Hit:
    """A line that a pattern fits. value: the first group that took part, or the whole match."""

    value: str
    file: str
    line: int | None


def scan(
    folder: Folder,
    files: Iterable[str],
    patterns: Mapping[str, re.Pattern[str]],
    comments: tuple[str, ...] = ("//", "*", "/*"),
) -> dict[str, list[Hit]]:
    """The lines that patterns fit, by the pattern's name; an empty list where none does. A pattern named `port` is
    asked only where a line has a digit: it is the dear one.

    At most 600 files of at most 200 kB, and 3 MB in all; longer lines than 1000 characters and comments that fill
    a line are passed over. Lines one by one: over a whole text some patterns would take the square of its length.
    """
    hits: dict[str, list[Hit]] = {name: [] for name in patterns}
    left = _MOST_TEXT
    for file in islice(files, _MOST_FILES):
        text = folder.text(file, limit=_LARGEST) or ""
        left -= len(text)
        if left < 0:
            break
        for number, line in enumerate(text.splitlines(), 1):
            if not line or len(line) > _LONGEST_LINE or line.lstrip().startswith(comments):
                continue
            numbered = _DIGIT.search(line) is not None
            for name, pattern in patterns.items():
                if (name != "port" or numbered) and len(hits[name]) < _MOST_HITS and (match := pattern.search(line)):
                    value = next((group for group in match.groups() if group), match[0])
                    hits[name].append(Hit(value, file, number))
    return hits


def port(hits: Iterable[Hit]) -> Hit | None:
    """The first hit whose value is a port."""
    return next(
        (hit for hit in hits if hit.value.isascii() and hit.value.isdigit() and 1 <= int(hit.value) < 65535), None
    )


def healthiest(hits: Iterable[Hit]) -> list[Hit]:
    """The path that is for nothing else, as a list of at most one: `/healthcheck` before `/status`."""
    return sorted(hits, key=lambda hit: re.search(r"health|live|heartbeat", hit.value) is None)[:1]


def pinned(folder: Folder, *tools: str, files: tuple[str, ...] = ()) -> Hit | None:
    """The version that a version file asks for.

    tools: the names that `.tool-versions` and `mise.toml` may use. files: version files of the language's own, which
    hold nothing but a version.
    """
    for file in files:
        for number, line in enumerate((folder.text(file, limit=10_000) or "").splitlines(), 1):
            match = re.match(rf"\s*(?:[a-z]+-)?{_VERSION.pattern}", line)
            if match:
                return Hit(match[1], file, number)
    for number, line in enumerate((folder.text(".tool-versions", limit=100_000) or "").splitlines(), 1):
        words = line.split()
        if len(words) > 1 and words[0] in tools and (match := _VERSION.search(words[1])):
            return Hit(match[1], ".tool-versions", number)
    return _mise(folder, tools)


def _mise(folder: Folder, tools: tuple[str, ...]) -> Hit | None:
    for file in ("mise.toml", ".mise.toml"):
        table: Any = folder.toml(file).get("tools")
        for tool in tools if isinstance(table, dict) else ():
            value = table.get(tool)
            value = value.get("version") if isinstance(value, dict) else value
            if isinstance(value, str) and (match := _VERSION.search(value)):
                return Hit(match[1], file, folder.line(file, rf"^\s*\"?{re.escape(tool)}\"?\s*="))
    return None
