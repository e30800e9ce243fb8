"""The store of artifacts: files by digest, an index by input, dependency layers that builds share."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hivemind.builds.keeping import Kept, bound, size_of

LOGS = 10
"""Logs of earlier builds that are kept, for each service."""


@dataclass(frozen=True)
class Store:
    """root: folder, created on use.

    <digest>.tar.zst        archives: applications, and the layers under them
    index/<input>.json      input digest -> artifact
    packed/<identity>.json  content of a layer -> its archive
    layers/<key>/           installed dependencies, with <key>.json beside them: size in bytes; its time is the last use
    caches/<tool>/          downloads of package managers
    logs/<service>.log      output of the last build; <service>.1.log that of the one before, and so on
    """

    root: Path

    def artifact(self, digest: str) -> Path:
        return self.root / f"{digest}.tar.zst"

    def known(self, inputs: str) -> dict[str, Any] | None:
        """The index entry for an input digest, where its artifact is still there."""
        try:
            entry = json.loads((self.root / "index" / f"{inputs}.json").read_text(encoding="utf-8"))
            parts = [entry, *entry["layers"]]
            whole = all(self.artifact(part["digest"]).stat().st_size == part["size"] for part in parts)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if whole:
            for part in parts:
                _used(self.artifact(part["digest"]))
        return entry if whole else None

    def packed_layer(self, identity: str) -> dict[str, Any] | None:
        """`digest` and `size` of the archive that holds this content (see `pack.identity`)."""
        try:
            entry: dict[str, Any] = json.loads((self.root / "packed" / f"{identity}.json").read_text(encoding="utf-8"))
            archive = self.artifact(entry["digest"])
            whole = archive.stat().st_size == entry["size"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if whole:
            _used(archive)
        return entry if whole else None

    def remember_layer(self, identity: str, entry: dict[str, Any]) -> None:
        _write(self._folder("packed") / f"{identity}.json", json.dumps(entry).encode())

    def remember(self, inputs: str, entry: Mapping[str, Any]) -> None:
        folder = self._folder("index")
        _write(folder / f"{inputs}.json", json.dumps(dict(entry), indent=1, sort_keys=True).encode())

    def keep(self, packed: Path, digest: str) -> Path:
        """Moves a packed file in under its digest; the file that is there already stays."""
        target = self.artifact(digest)
        packed.replace(target)
        return target

    def layer(self, key: str) -> Path | None:
        """A dependency layer made before."""
        folder = self.root / "layers" / key
        if not folder.is_dir():
            return None
        _used(folder.with_name(f"{key}.json"))
        return folder

    def keep_layer(self, key: str, made: Path) -> Path:
        """Moves a finished layer in. When another build was faster, that one's stays."""
        target = self._folder("layers") / key
        try:
            made.rename(target)
        except OSError:
            if not target.is_dir():
                raise
        _write(target.with_name(f"{key}.json"), json.dumps({"size": size_of(target)}).encode())
        return target

    def bound(self, limit: int | None = None) -> list[Kept]:
        """Removes what was not used for longest until no more than `limit` bytes are left (see `keeping.LIMIT`)."""
        return bound(self.root, limit)

    def cache(self, tool: str) -> Path:
        """A folder that a package manager keeps its downloads in."""
        folder = self._folder(f"caches/{tool}")
        _used(folder)
        return folder

    def log(self, service: str) -> Path:
        """An empty log file for a build of this service; those of the builds before are kept as `SERVICE.1.log` ..."""
        folder = self._folder("logs")
        file = folder / f"{service}.log"
        for number in range(LOGS - 1, 0, -1):
            older = folder / f"{service}.{number}.log"
            if older.exists():
                older.replace(folder / f"{service}.{number + 1}.log")
        if file.exists():
            file.replace(folder / f"{service}.1.log")
        file.write_bytes(b"")
        return file

    @contextlib.contextmanager
    def workshop(self) -> Iterator[Path]:
        """A temporary folder on the store's file system, removed afterwards; those of runs that died, before."""
        work = self._folder("work")
        for left in work.iterdir():
            if not _alive(left.name.partition("-")[0]):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=work))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _used(file: Path) -> None:
    """Notes the use in the file's time."""
    with contextlib.suppress(OSError):
        os.utime(file)


def _alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _write(file: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as temporary:
        temporary.write(content)
    Path(name).replace(file)
