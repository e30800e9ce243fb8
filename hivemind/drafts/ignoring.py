"""What of a repository is worth an entry in `.hivemindignore`: large dumps, media and archives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from hivemind.repositories.repository import Repository
from hivemind.values.defaults import IGNORE_FILE

LARGE = 5 * 1024 * 1024
_MOST = 50
_KINDS = {
    "data dump": {".sql", ".dump", ".bak", ".csv", ".tsv", ".parquet", ".ndjson", ".jsonl", ".pcap", ".xlsx"},
    "media": {".mp4", ".mov", ".avi", ".mkv", ".webm", ".wav", ".flac", ".psd", ".ai", ".tiff", ".blend", ".fig"},
    "archive": {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".iso", ".dmg"},
}
_SERVED = frozenset({"static", "public", "assets", "media", "dist", "www", "site", "images", "img", "data", "fixtures"})


@dataclass(frozen=True)
class Ignorable:
    """path: of a file, from the root. kind: what it seems to be. size: bytes."""

    path: str
    kind: str
    size: int


def ignorable(repository: Repository) -> tuple[Ignorable, ...]:
    """Large files that no application needs to run, the largest first. Those in folders that are served are left."""
    own = repository.root / IGNORE_FILE
    if own.exists() or own.is_symlink():
        return ()
    found = []
    for path in repository.files:
        pure = PurePosixPath(path)
        kind = next((name for name, suffixes in _KINDS.items() if pure.suffix.lower() in suffixes), None)
        if kind is None or _SERVED.intersection(part.lower() for part in pure.parts[:-1]):
            continue
        try:
            size = (repository.root / path).lstat().st_size
        except OSError:
            continue
        if size >= LARGE:
            found.append(Ignorable(path, kind, size))
    return tuple(sorted(found, key=lambda each: (-each.size, each.path))[:_MOST])


def text(found: tuple[Ignorable, ...]) -> str:
    """The file `.hivemindignore`: rooted patterns, each with what it is."""
    lines = ["# HiveMind neither packs nor reads these files. The syntax is that of .gitignore."]
    for each in found:
        lines += [f"# {each.kind}, {each.size / 1024 / 1024:,.0f} MB", "/" + _escaped(each.path)]
    return "\n".join(lines) + "\n"


def _escaped(path: str) -> str:
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", path)
