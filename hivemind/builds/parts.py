"""An artifact's parts: the application, and under it layers that change rarely and move once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hivemind.builds import pack
from hivemind.builds.pack import Entry

if TYPE_CHECKING:
    from hivemind.builds.work import Work

LAYERS = {
    "runtime": re.compile(r"runtime/"),
    "dependencies": re.compile(r"venv/|app/(?:.*/)?node_modules/|app/vendor/|app/\.deno/"),
}
"""Layer -> how the paths of its files in the tree begin."""
SMALLEST = 1 << 20
"""Bytes under which a layer of its own is not worth a round trip: it goes with the application."""
FORMAT = 1


@dataclass(frozen=True)
class Parts:
    """application: what is packed with it, and the digest of each file. layers: `name`, `digest`, `size` of each."""

    application: tuple[Entry, ...]
    files: Mapping[str, str]
    layers: tuple[dict[str, Any], ...]


def split(work: Work) -> Parts:
    """Divides a built tree, and keeps the layers in the store. Raises ValueError for links that lead out of it."""
    application: list[Entry] = []
    grouped: dict[str, list[Entry]] = {name: [] for name in LAYERS}
    for entry in pack.entries(work.tree):
        grouped.get(_layer_of(entry[0], work), application).append(entry)
    layers = []
    for name, found in grouped.items():
        size = sum(path.lstat().st_size for _, path in found if not path.is_dir())
        if size < SMALLEST:
            application += found
        else:
            layers.append({"name": name, **_kept(work, name, found)})
    application.sort()
    return Parts(tuple(application), pack.digests(application), tuple(layers))


def _layer_of(name: str, work: Work) -> str:
    if name in work.own:
        return ""
    return next((layer for layer, beginning in LAYERS.items() if beginning.match(name)), "")


def _kept(work: Work, name: str, found: list[Entry]) -> dict[str, Any]:
    """The layer's digest and size; packed where the store has none of this content."""
    files = pack.digests(found)
    identity = pack.identity(found, files)
    known = work.store.packed_layer(identity)
    if known is not None:
        return known
    packed = work.scratch / f"{name}.tar.zst"
    listing = json.dumps({"format": FORMAT, "name": name, "files": files}, indent=0, sort_keys=True).encode()
    digest = pack.write(found, ("layer.json", listing), packed)
    entry = {"digest": digest, "size": packed.stat().st_size}
    work.store.keep(packed, digest)
    work.store.remember_layer(identity, entry)
    return entry
