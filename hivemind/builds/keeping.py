"""What the store of artifacts holds, and its bound: what was not used for longest goes first."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hivemind.values.clock import SYSTEM_CLOCK

LIMIT = 5_000_000_000
"""Bytes that the store may hold, unless HIVEMIND_ARTIFACTS_LIMIT says otherwise."""
VARIABLE = "HIVEMIND_ARTIFACTS_LIMIT"
RECENT = 3600.0
"""Seconds for which nothing is removed after its last use: a build beside this one may be using it."""


@dataclass(frozen=True)
class Kept:
    """One thing in the store.

    kind: `application`, `layer` (an archive), `installed` (dependencies, unpacked) or `cache` (downloads). name: its
    digest, key or tool. size: bytes. used: seconds since the epoch. service, runtime, layers: of an application.
    """

    kind: str
    name: str
    path: Path
    size: int
    used: float
    service: str | None = None
    runtime: str | None = None
    layers: tuple[str, ...] = ()


def limit() -> int:
    """The bound in bytes that holds now."""
    said = os.environ.get(VARIABLE, "")
    return int(said) if said.isdigit() else LIMIT


def contents(root: Path) -> list[Kept]:
    """Everything in a store, least recently used first."""
    return sorted((*_archives(root), *_installed(root), *_caches(root)), key=lambda kept: (kept.used, kept.name))


def bound(root: Path, most: int | None = None, *, recent: float = RECENT) -> list[Kept]:
    """Removes until at most so many bytes are left; what was used within `recent` seconds stays. Returns what went."""
    most = limit() if most is None else most
    found = contents(root)
    total = sum(kept.size for kept in found)
    now = SYSTEM_CLOCK.now().timestamp()
    removed = []
    for kept in found:
        if total <= most:
            break
        if now - kept.used >= recent:
            _remove(kept)
            total -= kept.size
            removed.append(kept)
    if removed:
        _forget(root)
    return removed


def _archives(root: Path) -> Iterator[Kept]:
    entries = {}
    for file in (root / "index").glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            entry = json.loads(file.read_text(encoding="utf-8"))
            entries[entry["digest"]] = entry
    for archive in root.glob("*.tar.*"):
        with contextlib.suppress(OSError):
            status = archive.stat()
            digest = archive.name.partition(".")[0]
            entry = entries.get(digest)
            if entry is None:
                yield Kept("layer", digest, archive, status.st_size, status.st_mtime)
                continue
            layers = tuple(str(layer["digest"]) for layer in entry.get("layers", ()))
            service, runtime = entry.get("service"), entry.get("runtime")
            yield Kept("application", digest, archive, status.st_size, status.st_mtime, service, runtime, layers)


def _installed(root: Path) -> Iterator[Kept]:
    for folder in (root / "layers").glob("*/"):
        record = folder.with_name(f"{folder.name}.json")
        try:
            yield Kept(
                "installed", folder.name, folder, int(json.loads(record.read_text())["size"]), record.stat().st_mtime
            )
        except (OSError, ValueError, KeyError, TypeError):
            yield Kept("installed", folder.name, folder, size_of(folder), folder.stat().st_mtime)


def _caches(root: Path) -> Iterator[Kept]:
    for folder in (root / "caches").glob("*/"):
        yield Kept("cache", folder.name, folder, size_of(folder), folder.stat().st_mtime)


def size_of(folder: Path) -> int:
    """Bytes of all files under a folder."""
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += (Path(parent) / name).lstat().st_size
    return total


def _remove(kept: Kept) -> None:
    if kept.path.is_dir():
        # Moved first: half a folder must not be taken for a whole one.
        aside = kept.path.with_name(f".{kept.path.name}-removed-{os.getpid()}")
        with contextlib.suppress(OSError):
            kept.path.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
            kept.path.with_name(f"{kept.path.name}.json").unlink(missing_ok=True)
    else:
        kept.path.unlink(missing_ok=True)


def _forget(root: Path) -> None:
    """Removes index entries whose archives are gone."""
    for file in (*(root / "index").glob("*.json"), *(root / "packed").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            entry = json.loads(file.read_text(encoding="utf-8"))
            digests = [entry["digest"], *(layer["digest"] for layer in entry.get("layers", ()))]
            if not all((root / f"{digest}.tar.zst").exists() for digest in digests):
                file.unlink()
