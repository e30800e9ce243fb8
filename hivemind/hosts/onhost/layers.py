"""Layers kept on an instance: parts of artifacts that releases share by hard links."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.hosts.onhost.layout import Layout, Release
from hivemind.hosts.onhost.report import InstallError

if TYPE_CHECKING:
    from hivemind.hosts.onhost.request import KeptLayer

LISTING = "layer.json"
CHUNK = 1 << 18


def missing(layout: Layout, digests: Iterable[str]) -> list[str]:
    """The layers that are not here, or not whole any more; the latter are removed."""
    absent = []
    for digest in digests:
        folder = layout.layers / digest
        if not is_whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
            absent.append(digest)
    return absent


def is_whole(folder: Path) -> bool:
    """Whether every file of a layer has the content that its listing says."""
    try:
        files = json.loads((folder / LISTING).read_text())["files"]
        return all(_digest(folder / name) == digest for name, digest in files.items())
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False


def unpack(layout: Layout, layer: KeptLayer) -> bool:
    """Sees to it that a layer is here, out of its archive. Returns whether it had to be unpacked.

    Raises InstallError where there is neither, for a wrong digest, and for files that the listing does not tell of.
    """
    from hivemind.hosts.onhost import archive

    folder = layout.layers / layer.digest
    if (folder / LISTING).is_file():
        return False
    layout.layers.mkdir(parents=True, exist_ok=True)
    for leftover in layout.layers.glob(".incoming-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    incoming = layout.layers / f".incoming-{layer.digest}"
    incoming.mkdir()
    archive.extract(Path(layer.archive), layer.digest, incoming)
    if not is_whole(incoming):
        raise InstallError(f"layer {layer.digest[:12]} does not hold what it lists")
    for parent, _, files in os.walk(incoming):
        for name in files:
            path = Path(parent) / name
            if not path.is_symlink():
                # Releases share these files: nobody writes into one by mistake.
                path.chmod(path.stat().st_mode & ~0o222)
    incoming.rename(folder)
    return True


def lay(layout: Layout, layer: KeptLayer, release: Release) -> int:
    """Puts a layer's files into a release, as hard links where the system can; what is there already stays.

    Returns how many there are.
    """
    folder = layout.layers / layer.digest
    count = 0
    for parent, folders, files in os.walk(folder):
        within = Path(parent).relative_to(folder)
        target = release.path / within
        if not target.is_symlink():
            target.mkdir(exist_ok=True)
        for name in (*files, *(each for each in folders if (Path(parent) / each).is_symlink())):
            source, copy = Path(parent) / name, target / name
            if str(within / name) == LISTING or os.path.lexists(copy):
                continue
            _link(source, copy)
            count += 1
    return count


def prune(layout: Layout) -> list[str]:
    """Removes the layers that no complete release is made of. Returns their digests."""
    if not layout.layers.is_dir():
        return []
    used = {digest for release in layout.complete() for digest in release.recorded().get("layers", ())}
    surplus = [folder for folder in layout.layers.iterdir() if folder.name not in used]
    for folder in surplus:
        # The listing first: half a layer must not look whole.
        (folder / LISTING).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    return [folder.name for folder in surplus]


def listed_in(release: Release) -> list[str]:
    """The layers that an artifact's manifest names."""
    try:
        named = json.loads((release.path / "manifest.json").read_text()).get("layers", [])
        return [str(layer["digest"]) for layer in named]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return []


def _link(source: Path, copy: Path) -> None:
    if source.is_symlink():
        copy.symlink_to(source.readlink())
        return
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
