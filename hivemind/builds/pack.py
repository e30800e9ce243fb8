"""Packs parts of a tree so that the same content gives the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol, cast

LEVEL = 6
"""Of zstd: near the size of gzip's best at ten times its speed."""
_GZIP, _GZIP_LEVEL = b"\x1f\x8b", 1
_LEFT_OUT = frozenset({"__pycache__", ".DS_Store"})

Entry = tuple[str, Path]
"""Path in the archive, and where it is now."""


def entries(tree: Path) -> Iterator[Entry]:
    """Every file, link and folder under `tree`, sorted; caches are left out."""
    found: list[Entry] = []
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in (*folders, *files):
            if name in _LEFT_OUT or name.endswith((".pyc", ".pyo")):
                continue
            path = Path(folder) / name
            found.append((path.relative_to(tree).as_posix(), path))
    yield from sorted(found)


def digests(found: Iterable[Entry]) -> dict[str, str]:
    """Path -> sha256 hex of the content, for the files among the entries."""
    listed = {}
    for name, path in found:
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                listed[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return listed


def identity(found: Sequence[Entry], files: dict[str, str]) -> str:
    """sha256 hex over paths, kinds, modes and contents. files: as `digests` gives them."""
    whole = hashlib.sha256()
    for name, path in found:
        info = _info(name, path)
        whole.update(f"{info.type!r} {info.mode:o} {info.linkname} {files.get(name, '')} {name}\0".encode())
    return whole.hexdigest()


def write(found: Iterable[Entry], first: tuple[str, bytes], target: Path) -> str:
    """Writes `target` (.tar.zst) with a file of ours first and then the entries; sha256 hex of the plain archive.

    Owners, times and order carry no trace of this machine; links that would lead out of the archive raise ValueError.
    """
    with target.open("wb") as file, _compressed(file) as packed:
        digesting = _Digesting(packed)
        with tarfile.open(fileobj=digesting, mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            name, content = first
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
            for name, path in found:
                info = _info(name, path)
                if info.isreg():
                    with path.open("rb") as source:
                        archive.addfile(info, source)
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
        raise ValueError(f"the link {name} leads to {target}, outside of the application")
    return target


def unpacked(archive: Path) -> IO[bytes]:
    """The plain archive in a file that `write` made, here or on a build instance."""
    file = archive.open("rb")
    if file.read(len(_GZIP)) == _GZIP:
        file.close()
        return cast("IO[bytes]", gzip.open(archive, "rb"))
    file.seek(0)
    import zstandard

    return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(file, closefd=True))


def again(archive: Path, target: Path) -> str:
    """Writes the same archive as this machine would have written it; sha256 hex of the plain one.

    Raises OSError, EOFError or ValueError for one that is damaged.
    """
    with unpacked(archive) as plain, target.open("wb") as file, _compressed(file) as packed:
        digesting = _Digesting(packed)
        try:
            while piece := plain.read(1 << 20):
                digesting.write(piece)
        except Exception as error:
            if type(error).__name__ != "ZstdError":
                raise
            raise ValueError(str(error)) from error
        return digesting.digest.hexdigest()


def _compressed(file: IO[bytes]) -> IO[bytes]:
    """What compresses into a file: zstd, or gzip on a build instance, which has Python's standard library alone. Such
    an archive is written again when it comes home (see `again`)."""
    try:
        import zstandard
    except ImportError:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0))
    return cast("IO[bytes]", zstandard.ZstdCompressor(level=LEVEL).stream_writer(file, closefd=False))


class _Sink(Protocol):
    def write(self, content: bytes, /) -> int: ...


class _Digesting:
    """A file that is written through while its digest is taken."""

    def __init__(self, target: _Sink) -> None:
        self.target = target
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return self.target.write(content)
