"""Small packages and builds of small applications, without any network."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zstandard

from hivemind.agents.compiler import hivemind_build
from hivemind.blueprint.model import Service
from hivemind.builds.here import Here
from hivemind.repositories.repository import read
from hivemind.values.artifact import Artifact, Platform

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
NODE = shutil.which("node")
HOST = Platform("host", "x86_64", (2, 17), ((MINOR, sys.executable),), ("20.0.0", NODE or "node"))


def lay(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def wheel(folder: Path, name: str, version: str, modules: Mapping[str, str], **more: Any) -> Path:
    """A wheel. scripts: console script -> `module:function`. data: file of `.data/scripts` -> content."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = dict(modules)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if scripts := more.get("scripts"):
        files[f"{info}/entry_points.txt"] = "[console_scripts]\n" + "".join(f"{k} = {v}\n" for k, v in scripts.items())
    for script, content in more.get("data", {}).items():
        files[f"{name}-{version}.data/scripts/{script}"] = content
    record = f"{info}/RECORD"
    lines = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in files.items()]
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in {**files, record: "\n".join([*lines, f"{record},,"]) + "\n"}.items():
            archive.writestr(path, text)
    return target


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def build(root: Path, store: Path, platform: Platform = HOST, **service: Any) -> Artifact:
    artifact = hivemind_build(Service("web", **service), read(root), Here(platform, store))
    assert artifact is not None
    return artifact


def unpacked(artifact: Artifact, into: Path) -> dict[str, Any]:
    """Unpacks an artifact and returns its manifest."""
    for part in (*artifact.layers, artifact):
        with opened(part.path) as archive:
            # Python before 3.11.4 knows no filters; from 3.12 on it warns without one.
            archive.extractall(into, **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))
    manifest: dict[str, Any] = json.loads((into / "manifest.json").read_text())
    return manifest


def names(artifact: Artifact) -> set[str]:
    found: set[str] = set()
    for part in (*artifact.layers, artifact):
        with opened(part.path) as archive:
            found |= set(archive.getnames())
    return found


def opened(archive: Path) -> tarfile.TarFile:
    """A .tar.zst, open for reading."""
    with archive.open("rb") as packed:
        plain = zstandard.ZstdDecompressor().stream_reader(packed).read()
    return tarfile.open(fileobj=io.BytesIO(plain))
