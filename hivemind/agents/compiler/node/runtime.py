"""Which Node builds and runs a service: the platform's, or one brought along out of the npm package that carries it."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler.node import versions as nodeversions
from hivemind.agents.compiler.node.versions import brought, fits, own, wanted
from hivemind.builds.clean_environment import clean
from hivemind.builds.sbom import component
from hivemind.machine.programs import answer
from hivemind.values.artifact import LOCAL, Platform, machine_here
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.work import Work

_USUAL = frozenset({"/usr/local/bin", "/usr/bin", "/bin"})
_NPM = {10: "6", 12: "6", 14: "9", 16: "9", 18: "10", 20: "10", 22: "10"}
"""Major of Node -> the npm that it came with or that it runs at least; newer ones run the latest."""


def provide(work: Work) -> None:
    """Settles `runtime` and, where needed, puts a Node into `runtime/bin`. Raises StageError(BUILD)."""
    there = own(work.service, work.platform)
    if there is None:
        binary = _brought(work)
        if binary is not None:
            _lay(work, binary)
            return
        there = work.platform.node
        assert there is not None  # `_brought` raises where nothing can stand in
    work.runtime = f"node {there[0]}"
    work.interpreter = {"version": there[0], "command": there[1]}
    point(work, "node", there[1])


def building(work: Work) -> list[Path]:
    """The folders for the PATH of a build, so that it runs on the same major as the service; none where this machine's
    own Node is of that major. Raises StageError(BUILD)."""
    there = own(work.service, work.platform)
    here = _here()
    asked = there[0].partition(".")[0] if there else brought(wanted(work.service))
    if here is None or fits(here, asked) or (there and work.platform.os == LOCAL):
        return []
    host = replace(work.platform, os=LOCAL, machine=machine_here())
    if nodeversions.package(host) is None or (work.platform.node and nodeversions.problem(work.service, host)):
        return []
    try:
        binary = _carried(work, host, asked)
    except StageError:
        if work.platform.node is None:
            raise
        return []
    major = int((binary.parent / "version").read_text().partition(".")[0])
    return [binary.parent, _npm(work, _NPM.get(major, "latest"))]


def point(work: Work, name: str, command: str) -> None:
    """A program of the instance that is on no usual PATH is reached through a script that names it."""
    path = Path(command)
    if not path.is_absolute() or (str(path.parent) in _USUAL and path.name == name):
        return
    script = work.tree / "runtime" / "bin" / name
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec {path} "$@"\n')
    script.chmod(0o755)


def _brought(work: Work) -> Path | None:
    """The Node to bring along; None where the platform's own stands in for it, which is noted."""
    asked = wanted(work.service)
    there = work.platform.node if work.platform.os == LOCAL else None
    if there and nodeversions.problem(work.service, work.platform):
        work.notices.append(f"Node {asked} is not available: Node {there[0]} of this machine runs it")
        return None
    try:
        return _carried(work, work.platform, brought(asked))
    except StageError:
        if there is None:
            raise
        work.notices.append(f"could not fetch Node {asked}: Node {there[0]} of this machine runs it")
        return None


def _lay(work: Work, binary: Path) -> None:
    version = (binary.parent / "version").read_text().strip()
    folder = work.tree / "runtime" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, folder / "node")
    work.carried.append(component("generic", "node", version, sort="platform"))
    work.runtime = f"node {version}"


def _carried(work: Work, platform: Platform, asked: str) -> Path:
    """The binary of the newest Node in a range, kept in the store beside its headers."""
    package = nodeversions.package(platform)
    if package is None:
        raise StageError(
            Stage.BUILD,
            f"{work.service.name}: Node is not available for {platform.machine}",
            subject=work.service.name,
        )
    key = hashlib.sha256(f"3 {package}@{asked}".encode()).hexdigest()
    if (layer := work.store.layer(key)) is not None:
        return layer / "node"
    made = work.scratch / f"node-{key[:8]}"
    made.mkdir(exist_ok=True)
    work.programs.run(
        ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--force", f"{package}@{asked}"],
        cwd=made,
        env=clean(),
        shown=f"npm install {package}@{asked}",
    )
    folder = made / "node_modules" / package
    (made / "version").write_text(str(json.loads((folder / "package.json").read_text())["version"]).removeprefix("v"))
    os.rename(folder / "bin" / "node", made / "node")  # noqa: PTH104 - the names say it
    if (folder / "include").is_dir():
        os.rename(folder / "include", made / "include")  # noqa: PTH104 - the names say it
    shutil.rmtree(made / "node_modules")
    return work.store.keep_layer(key, made) / "node"


def _npm(work: Work, version: str) -> Path:
    """The folder with an npm that runs on a Node which is not this machine's."""
    from hivemind.agents.compiler.node.tools import tool

    return tool(work, "npm", version)


@functools.cache
def _here() -> str | None:
    """The version of this machine's Node; None where it does not answer."""
    match = re.match(r"v(\d+\.\d+\.\d+)", answer(["node", "--version"], env=clean()) or "")
    return match[1] if match else None
