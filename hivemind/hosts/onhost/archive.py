"""Unpacks an artifact: verified against its digest while it is read, never outside its folder."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol, cast

from hivemind.hosts.onhost import zstd
from hivemind.hosts.onhost.report import InstallError

CHUNK = 1 << 18


class Readable(Protocol):
    """What `read` of a file does."""

    def read(self, size: int = ..., /) -> bytes: ...


class _Digesting:
    """A readable stream that keeps a digest of what went through it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        return data


def extract(archive: Path, digest: str, into: Path) -> int:
    """Unpacks an archive (.tar.zst or .tar.gz) into an empty folder and returns the number of its files.

    digest: sha256 hex of the uncompressed archive. Raises InstallError for a wrong digest, a damaged archive, and
    any member that is not a file, folder or link within the folder.
    """
    try:
        with _plain(archive) as plain:
            stream = _Digesting(plain)
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as members:
                count = _members(members, into)
            while stream.read(CHUNK):
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError) as error:
        raise InstallError(f"the artifact is damaged: {error}") from error
    except FileNotFoundError:
        if archive.exists():
            raise
        raise InstallError(f"no artifact at {archive}") from None
    if stream.digest.hexdigest() != digest:
        raise InstallError(f"the artifact's digest is {stream.digest.hexdigest()}, expected {digest}")
    _no_link_leads_out(into)
    return count


@contextlib.contextmanager
def _plain(archive: Path) -> Iterator[Readable]:
    """What the archive holds, decompressed; its first bytes say how."""
    with archive.open("rb") as packed:
        is_zstd = packed.read(4) == zstd.MAGIC
        packed.seek(0)
        if is_zstd:
            with zstd.Reader(packed) as plain:
                yield plain
        else:
            with gzip.open(packed, "rb") as unpacked:
                yield unpacked


def _members(members: tarfile.TarFile, into: Path) -> int:
    count = 0
    for member in members:
        name = _inside(member.name, "entry")
        if name == ".":
            continue
        target = into / name
        _real_parent(target, into)
        if member.isdir():
            target.mkdir(exist_ok=True)
            target.chmod(0o755)
        elif member.issym():
            _inside(posixpath.join(posixpath.dirname(name), member.linkname), "link", absolute=member.linkname)
            target.symlink_to(member.linkname)
        elif member.islnk():
            source = into / _inside(member.linkname, "link")
            _real_parent(source, into)
            if source.is_symlink():
                raise InstallError(f"the artifact has a hard link to a link: {member.name}")
            os.link(source, target)
        elif member.isreg():
            _file(members, member, target)
        else:
            raise InstallError(f"the artifact has an entry that is not a file, folder or link: {member.name}")
        count += 1
    return count


def _file(members: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = members.extractfile(member)
    if source is None:
        raise InstallError(f"the artifact is damaged at {member.name}")
    # Exclusive: an entry that comes twice must not be written through what the first one left.
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
        os.fchmod(file.fileno(), 0o755 if member.mode & 0o111 else 0o644)


def _inside(name: str, what: str, absolute: str = "") -> str:
    normal = posixpath.normpath(name)
    if name.startswith("/") or absolute.startswith("/") or normal == ".." or normal.startswith("../") or "\0" in name:
        raise InstallError(f"the artifact has a {what} that leads outside of its folder: {absolute or name}")
    return normal


def _real_parent(target: Path, into: Path) -> None:
    """Makes the parent folders, and refuses a parent that a link moved out of the folder."""
    parent = target.parent
    if not _within(parent, into):
        raise InstallError(f"the artifact writes through a link: {target.relative_to(into)}")
    parent.mkdir(parents=True, exist_ok=True)


def _within(path: Path, folder: Path) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real == root or real.startswith(root + os.sep)


def _no_link_leads_out(folder: Path) -> None:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent) / name
            if path.is_symlink() and not _within(path, folder):
                raise InstallError(
                    f"the artifact has a link that leads outside of its folder: {path.relative_to(folder)}"
                )
