"""Results on disk, by everything that they depend on. A result that can't be read or written is done anew."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hivemind.lint.matches import Match
from hivemind.lint.wire import cache_folder, cfn_lint_version

MOST = 200
FORMAT = "1"


def _file(template: str, regions: Sequence[str]) -> Path:
    key = "\0".join((FORMAT, cfn_lint_version(), ",".join(sorted(regions)), template))
    return cache_folder() / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def recall(template: str, regions: Sequence[str]) -> tuple[Match, ...] | None:
    """The matches that this template had before with this cfn-lint for these regions, or None."""
    file = _file(template, regions)
    try:
        matches = tuple(Match.from_json(entry) for entry in json.loads(file.read_bytes()))
        os.utime(file)
    except (OSError, ValueError, TypeError):
        return None
    return matches


def remember(template: str, regions: Sequence[str], matches: Sequence[Match]) -> None:
    """Keeps a result; of more than 200, the ones that were not asked for longest go."""
    file = _file(template, regions)
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump([match.as_json() for match in matches], stream)
        Path(temporary).replace(file)
        _prune(file.parent)


def _prune(folder: Path) -> None:
    # A file can go between listing and looking: another run prunes as well.
    with contextlib.suppress(FileNotFoundError):
        files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-MOST]:
            file.unlink(missing_ok=True)
