"""What a build instance made, taken into this machine's store: every digest is made again before anything is kept."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hivemind.builds import pack
from hivemind.builds.store import Store
from hivemind.text.codec import DecodeError, decode, encode
from hivemind.values.errors import Stage, StageError

_DIGEST = re.compile(r"[0-9a-f]{64}")
Fetch = Callable[[str, Path], None]
"""Copies the archive of a digest to a file here."""


@dataclass(frozen=True)
class Part:
    """A layer in an index entry."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True)
class Built:
    """An index entry as a build instance tells it. size: of its own archive, which may be packed otherwise."""

    service: str
    digest: str
    size: int
    layers: tuple[Part, ...]
    runtime: str
    start: str
    release: str | None
    env: Mapping[str, str]
    notices: tuple[str, ...]
    dependencies_reused: bool


def take(told: Any, service: str, inputs: str, *, store: Store, scratch: Path, fetch: Fetch) -> dict[str, Any]:
    """Fetches an artifact and those of its layers that the store lacks, and keeps all under `inputs`; the index entry.

    told: what the build instance says of it. Raises StageError(BUILD) where what arrives is not what was told.
    """
    try:
        built = decode(Built, told)
    except DecodeError as error:
        raise _damaged(service, f"its reply is not readable ({error})") from None
    if built.service != service:
        raise _damaged(service, f"it built {built.service} instead")
    layers = tuple(replace(layer, size=_taken(layer.digest, service, store, scratch, fetch)) for layer in built.layers)
    size = _taken(built.digest, service, store, scratch, fetch)
    said = [{"name": layer.name, "digest": layer.digest} for layer in layers]
    if _manifest(store.artifact(built.digest), service).get("layers") != said:
        raise _damaged(service, "its layers differ from those in its manifest")
    entry: dict[str, Any] = encode(replace(built, size=size, layers=layers))
    store.remember(inputs, entry)
    return entry


def _taken(digest: str, service: str, store: Store, scratch: Path, fetch: Fetch) -> int:
    """Bytes of the archive in the store, fetched where it was not there."""
    if not _DIGEST.fullmatch(digest):
        raise _damaged(service, f"{digest[:80]!r} is not a digest")
    target = store.artifact(digest)
    if not target.exists():
        arrived, packed = scratch / f"{digest}.arrived", scratch / f"{digest}.tar.zst"
        fetch(digest, arrived)
        try:
            made = pack.again(arrived, packed)
        except (OSError, EOFError, ValueError) as error:
            raise _damaged(service, f"the archive {digest[:12]} is not readable ({error})") from error
        if made != digest:
            raise _damaged(service, f"the archive {digest[:12]} has the digest {made[:12]}")
        arrived.unlink()
        store.keep(packed, digest)
    return target.stat().st_size


def _manifest(archive: Path, service: str) -> Mapping[str, Any]:
    try:
        with pack.unpacked(archive) as plain, tarfile.open(fileobj=plain, mode="r|") as whole:
            first = whole.next()
            content = whole.extractfile(first) if first and first.name == "manifest.json" else None
            return dict(json.load(content)) if content else {}
    except (tarfile.TarError, ValueError, TypeError) as error:
        raise _damaged(service, f"its manifest is not readable ({error})") from error


def _damaged(service: str, what: str) -> StageError:
    return StageError(
        Stage.BUILD,
        f"{service}: the artifact from the build instance is damaged: {what}",
        subject=service,
        hint="HiveMind does not use it. Apply again.",
    )
