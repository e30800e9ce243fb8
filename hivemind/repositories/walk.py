"""Walks a tree without following links out of it, within bounds."""

from __future__ import annotations

import os
from pathlib import Path

from hivemind.repositories.ignores import Ignores, is_saved_plan, is_virtual_environment

_DEEPEST = 64


def walk(root: Path, *, max_files: int, max_bytes: int) -> tuple[tuple[str, ...], bool]:
    """Paths of the files under `root`, relative, with `/`, sorted; and whether a bound cut them short.

    Links to files inside the tree count as files; links to folders are not entered, so no loop is possible.
    Raises OSError where `root` itself can't be listed.
    """
    files: list[str] = []
    size = 0
    pending: list[tuple[str, Ignores, int]] = [("", Ignores(), 0)]
    while pending:
        relative, outer, depth = pending.pop()
        folder = root / relative if relative else root
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            if not relative:
                raise
            continue
        ignores = outer.entering(folder, relative)
        for entry in entries:
            path = f"{relative}/{entry.name}" if relative else entry.name
            if not _encodable(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                if (
                    depth < _DEEPEST
                    and not ignores.ignores(path, is_folder=True)
                    and not is_virtual_environment(entry.path)
                ):
                    pending.append((path, ignores, depth + 1))
                continue
            if ignores.ignores(path, is_folder=False):
                continue
            length = _length(entry, root)
            if length is None or (not relative and entry.is_file() and is_saved_plan(entry.path)):
                continue
            if len(files) >= max_files or size + length > max_bytes:
                return tuple(sorted(files)), True
            files.append(path)
            size += length
    return tuple(sorted(files)), False


def _length(entry: os.DirEntry[str], root: Path) -> int | None:
    """Bytes of a regular file or of a link to one inside the tree; None for everything else."""
    try:
        if entry.is_symlink():
            real = Path(entry.path).resolve()
            return real.stat().st_size if real.is_relative_to(root) and real.is_file() else None
        return entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else None
    except (OSError, RuntimeError):
        return None


def _encodable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\n" not in path
