"""Artifacts: built applications, content-addressed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

LOCAL = "host"
"""Operating system of the local cloud's instances: this machine's own, whatever it is."""
ARM_FAMILY = re.compile(r"[a-z]+\d+g[a-z]*|a1")


def machine_of(size: str) -> str:
    """`aarch64` for Graviton sizes of EC2 such as `t4g.small`, `x86_64` for all others."""
    return "aarch64" if ARM_FAMILY.fullmatch(size.partition(".")[0]) else "x86_64"


def machine_here() -> str:
    """This machine's processor, as Platform.machine has it."""
    import platform

    said = platform.machine()
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(said.lower(), said)


@dataclass(frozen=True)
class Platform:
    """What an instance's operating system runs.

    os: `debian-12`, `debian-13`, `amazon-linux-2023`, `ubuntu-24.04`, or `host` for the local cloud.
    machine: `x86_64` or `aarch64`.
    glibc: (major, minor) or None. python: installed versions, each (`3.11`, command), best first. node: (`20.11.0`,
    command), or None without Node.js. proven: whether this platform was tested on a real machine. runtimes: language
    (`java`, `ruby`, `php`) -> installed versions, each (version, command), best first. here: whether a build instance
    describes itself.
    """

    os: str
    machine: str
    glibc: tuple[int, int] | None
    python: tuple[tuple[str, str], ...]
    node: tuple[str, str] | None
    proven: bool = False
    runtimes: Mapping[str, tuple[tuple[str, str], ...]] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )
    here: bool = False

    @property
    def native(self) -> bool:
        """Whether the result of a build runs on a machine like the one that builds."""
        return self.here or self.os == LOCAL


@dataclass(frozen=True)
class Provenance:
    """What was packed. commit: full git id or None. dirty: whether the work tree differs from the commit. digest:
    sha256 hex over the packed sources and everything else that the build read."""

    commit: str | None
    dirty: bool
    digest: str
    subject: str | None = None


@dataclass(frozen=True)
class Layer:
    """A part of an artifact that changes rarely and is shared: dependencies, a runtime.

    name: `dependencies` or `runtime`. digest: sha256 hex of the uncompressed archive. path: of the archive in the
    store. size: bytes of that file.
    """

    name: str
    digest: str
    path: Path
    size: int


@dataclass(frozen=True)
class Artifact:
    """A built application as a file, and the layers below it.

    digest: sha256 hex of the uncompressed archive, which contains the digests of the layers: same input, same digest.
    path: the .tar.zst in the store. size: bytes of that file. start: the unit's command line, which `/bin/sh -c exec
    ...` runs in the application's folder with the artifact's `bin` first on PATH. env: what the runtime needs. reused:
    whether the store already had the artifact. seconds: build time. notices: what people should know about the build
    (files left out, a version replaced), one line each.
    """

    service: str
    digest: str
    path: Path
    size: int
    runtime: str
    provenance: Provenance
    start: str
    release: str | None = None
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    reused: bool = False
    seconds: float = 0.0
    dependencies_reused: bool = False
    notices: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()

    @property
    def total(self) -> int:
        """Bytes of the archive and of all layers."""
        return self.size + sum(layer.size for layer in self.layers)
