"""Packs a tree so that the same content gives the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_LEFT_OUT = frozenset({"__pycache__", ".DS_Store"})


def entries(tree: Path) -> Iterator[tuple[str, Path]]:
    """(path in the archive, path) of every file, link and folder under `tree`, sorted; caches are left out."""
    found: list[tuple[str, Path]] = []
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in (*folders, *files):
            if name in _LEFT_OUT or name.endswith((".pyc", ".pyo")):
                continue
            path = Path(folder) / name
            found.append((path.relative_to(tree).as_posix(), path))
    yield from sorted(found)


def tree_digest(tree: Path) -> str:
    """sha256 hex over paths, kinds, modes and contents of a tree."""
    whole = hashlib.sha256()
    for name, path in entries(tree):
        info = _info(name, path)
        whole.update(f"{info.type!r} {info.mode:o} {info.linkname} {name}\0".encode())
        if info.isreg():
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def write(tree: Path, manifest: bytes, target: Path) -> str:
    """Writes `target` (.tar.gz) with `manifest.json` first and then the tree; sha256 hex of the uncompressed archive.

    Owners, times and order carry no trace of this machine; links that would lead out of the archive raise ValueError.
    """
    with target.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        digesting = _Digesting(packed)
        with tarfile.open(fileobj=digesting, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            first = tarfile.TarInfo("manifest.json")
            first.size, first.mode = len(manifest), 0o644
            archive.addfile(first, io.BytesIO(manifest))
            for name, path in entries(tree):
                info = _info(name, path)
                if info.isreg():
                    with path.open("rb") as content:
                        archive.addfile(info, content)
                else:
                    archive.addfile(info)
        return digesting.digest.hexdigest()


def _info(name: str, path: Path) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    status = path.lstat()
    if path.is_symlink():
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, _link(name, path), 0o777
    elif path.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    else:
        info.size, info.mode = status.st_size, 0o755 if status.st_mode & 0o111 else 0o644
    return info


def _link(name: str, path: Path) -> str:
    target = str(path.readlink())
    outside = os.path.isabs(target) or os.path.normpath(os.path.join(os.path.dirname(name), target)).startswith("..")  # noqa: PTH117, PTH118, PTH120
    if outside:
        raise ValueError(f"{name} is a link to {target}, outside of the application")
    return target


class _Digesting:
    """A file that is written through while its digest is taken."""

    def __init__(self, target: IO[bytes] | gzip.GzipFile) -> None:
        self.target = target
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return self.target.write(content)
