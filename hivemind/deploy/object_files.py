"""Objects in a folder: one that several machines share (a network drive that keeps locks), or one of tests."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hivemind.deploy.files import locked, make_private, write_atomically
from hivemind.deploy.objects import Overtaken, Stored


class FileObjects:
    """`hivemind.deploy.objects.Objects` in a folder, readable by the user alone. Conditions are kept under a lock of
    the whole folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        return f"file://{self._folder}"

    def read(self, name: str) -> Stored | None:
        path = self._folder / name
        try:
            body, written = path.read_bytes(), path.stat()
        except FileNotFoundError:
            return None
        return Stored(body, _tag(body, written), time.time() - written.st_mtime)

    def write(self, name: str, body: bytes, *, replacing: str | None) -> str:
        path = self._folder / name
        with self._locked():
            current = self.read(name)
            if (current.tag if current else None) != replacing:
                raise Overtaken(name)
            make_private(path.parent)
            write_atomically(path, body.decode())
            return _tag(body, path.stat())

    def remove(self, name: str, tag: str) -> None:
        with self._locked():
            current = self.read(name)
            if current is None:
                return
            if current.tag != tag:
                raise Overtaken(name)
            (self._folder / name).unlink()

    def names(self, begin: str) -> tuple[str, ...]:
        found = (path.relative_to(self._folder) for path in self._folder.rglob("*") if path.is_file())
        plain = (path.as_posix() for path in found if not path.name.startswith("."))
        return tuple(sorted(name for name in plain if name.startswith(begin)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_private(self._folder)
        with locked(self._folder / ".lock"):
            yield


def _tag(body: bytes, written: os.stat_result) -> str:
    """Of this writing: the file is another one after each, whatever is in it."""
    return f"{hashlib.sha256(body).hexdigest()[:32]}-{written.st_ino}-{written.st_mtime_ns}"
