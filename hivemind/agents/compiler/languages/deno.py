"""Deno: the program out of the npm package that carries it, with its cache of modules beside the application."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from hivemind.agents.compiler.languages import tools
from hivemind.agents.compiler.node import tools as nodetools
from hivemind.builds.clean_environment import clean
from hivemind.builds.commands import started
from hivemind.builds.custom import run_build, run_install
from hivemind.builds.sbom import component
from hivemind.text.file_formats import json_object, table
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.builds.work import Work

CACHE = ".deno"
_SYSTEMS = {"x86_64": "x64-glibc", "aarch64": "arm64-glibc"}


def build(work: Work) -> None:
    """Fetches what the application imports, runs the build command, and brings Deno along. Raises StageError(BUILD)."""
    tools.require(work.service, work.sources)
    service = work.service
    start = started(service, "deno run --allow-net --allow-env main.ts")
    version = (service.runtime or "").partition(" ")[2].strip().removeprefix("v") or "2"
    own = nodetools.tool(work, "deno", version, scripts=True)
    settings = {"DENO_DIR": str(work.app / CACHE), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1", "DENO_NO_PROMPT": "1"}
    path = clean(own)["PATH"]
    if service.install:
        run_install(work, service.install, PATH=path, **settings)
    run_build(work, own, **settings)
    for left in ("gen", "check_cache_v2", "node_analysis_cache_v2", "dep_analysis_cache_v2", "fast_check_cache_v2"):
        # Caches with times and paths in them, which Deno makes again.
        for made in work.app.glob(f"{CACHE}/{left}*"):
            shutil.rmtree(made) if made.is_dir() else made.unlink()
    for made in work.app.glob(f"{CACHE}/*.db*"):
        made.unlink()
    binary = _binary(work, version)
    folder = work.tree / "runtime" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, folder / "deno")
    exact = str(nodetools.read(binary.parent / "package.json").get("version", version))
    work.carried.append(component("npm", "deno", exact, sort="platform"))
    work.runtime = f"deno {exact}"
    work.start = _without_task(start, work)
    # Relative to where the unit runs it: the application's own folder.
    work.env = {"DENO_DIR": CACHE, "DENO_NO_UPDATE_CHECK": "1", "DENO_NO_PROMPT": "1"}
    work.path = ["runtime/bin"]


def _without_task(start: str, work: Work) -> str:
    """The start command with the task that it names in its place: signals reach the application then."""
    match = re.fullmatch(r"deno task ([\w:.-]+)", start.strip())
    file = next((name for name in ("deno.json", "deno.jsonc") if name in work.sources.files), None)
    if match is None or file is None:
        return start
    task = table(json_object(work.sources.text(file)), "tasks").get(match[1])
    command = task.get("command") if isinstance(task, dict) and "dependencies" not in task else task
    return command if isinstance(command, str) else start


def _binary(work: Work, version: str) -> Path:
    """Deno for the instance's processor."""
    system = _SYSTEMS.get(work.platform.machine)
    if system is None:
        raise StageError(
            Stage.BUILD,
            f"{work.service.name}: Deno is not available for {work.platform.machine}",
            subject=work.service.name,
        )
    package = f"@deno/linux-{system}"
    return nodetools.tool(work, package, version, force=True).parent / package / "deno"
