"""The store of artifacts: files by digest, an index by input, dependency layers that builds share."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Store:
    """root: folder, created on use.

    <digest>.tar.gz         artifacts
    index/<input>.json      input digest -> artifact
    layers/<key>/           installed dependencies
    caches/<tool>/          downloads of package managers
    logs/<service>.log      output of the last build
    """

    root: Path

    def artifact(self, digest: str) -> Path:
        return self.root / f"{digest}.tar.gz"

    def known(self, inputs: str) -> dict[str, Any] | None:
        """The index entry for an input digest, where its artifact is still there."""
        try:
            entry = json.loads((self.root / "index" / f"{inputs}.json").read_text(encoding="utf-8"))
            whole = self.artifact(entry["digest"]).stat().st_size == entry["size"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return entry if whole else None

    def remember(self, inputs: str, entry: dict[str, Any]) -> None:
        folder = self._folder("index")
        _write(folder / f"{inputs}.json", json.dumps(entry, indent=1, sort_keys=True).encode())

    def keep(self, packed: Path, digest: str) -> Path:
        """Moves a packed file in under its digest; the file that is there already stays."""
        target = self.artifact(digest)
        packed.replace(target)
        return target

    def layer(self, key: str) -> Path | None:
        """A dependency layer made before."""
        folder = self.root / "layers" / key
        return folder if folder.is_dir() else None

    def keep_layer(self, key: str, made: Path) -> Path:
        """Moves a finished layer in. When another build was faster, that one's stays."""
        target = self._folder("layers") / key
        try:
            made.rename(target)
        except OSError:
            if not target.is_dir():
                raise
        return target

    def cache(self, tool: str) -> Path:
        """A folder that a package manager keeps its downloads in."""
        return self._folder(f"caches/{tool}")

    def log(self, service: str) -> Path:
        """An empty log file for a build of this service."""
        file = self._folder("logs") / f"{service}.log"
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
