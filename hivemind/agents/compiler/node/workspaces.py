"""Services in a workspace of npm, pnpm, yarn or bun: its lock decides, and what the service needs of it is shipped."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler.node import tools as nodetools
from hivemind.agents.compiler.node.tools import Commands, Manager
from hivemind.builds.workspaces import Workspace

if TYPE_CHECKING:
    from hivemind.builds.work import Work

_ORCHESTRATED = re.compile(r"\b(?:turbo|nx|lerna|wireit|moon)\b|--filter|--workspaces?\b|\s-[wr]\b|--recursive")
"""What a build command says that builds its neighbours itself."""
_GENERATED = (".prisma",)
"""Folders in `node_modules` that belong to no package: a generator made them."""


def of(work: Work) -> Workspace | None:
    """The workspace that a service of Node is built in."""
    around = work.sources.workspace
    return around if around and around.kind == "node" else None


def commands(manager: Manager, work: Work, around: Workspace) -> Commands:
    """How a manager installs for one member: everything that its build may need, and what it runs with alone."""
    found = nodetools.commands(manager, work)
    name = str(nodetools.package_json(work.sources).get("name") or around.folder)
    match manager.name:
        case "pnpm":
            install = (*found.install, "--filter", f"{name}...", "--include-workspace-root")
            production = (*found.install, "--prod", "--filter", f"{name}...")
        case "berry":
            install, production = found.install, ("yarn", "workspaces", "focus", name, "--production")
        case "npm":
            install = (*found.install, f"--workspace={around.folder}", "--include-workspace-root")
            production = (*found.production, f"--workspace={around.folder}")
        case "bun":
            install, production = found.install, (*found.production, "--filter", name)
        case _:
            install, production = found.install, (*found.production, "--ignore-scripts", "--prefer-offline")
    return replace(found, install=install, production=production, prune=production)


def members_first(work: Work, around: Workspace) -> list[Path]:
    """The folders of members whose build script runs before the service's own command, in order."""
    if _ORCHESTRATED.search(_script(work) or ""):
        return []
    return [work.root / member.folder for member in around.needed if member.builds]


def _script(work: Work) -> str | None:
    """The build command, or what its script says."""
    command = work.service.build
    match = re.match(r"^(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?([\w:.-]+)\s*$", command or "")
    scripts = nodetools.package_json(work.sources).get("scripts")
    script = scripts.get(match[1]) if match and isinstance(scripts, dict) else None
    return f"{command} {script}" if isinstance(script, str) else command


@contextlib.contextmanager
def narrowed(work: Work, around: Workspace) -> Iterator[None]:
    """Leaves only what the service runs with in the list of members for a while: yarn 1 installs for all of them."""
    file = work.root / "package.json"
    before = file.read_bytes()
    content = {**nodetools.read(file), "workspaces": [around.folder, *around.kept]}
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")
    try:
        yield
    finally:
        file.write_bytes(before)


def cleared(work: Work) -> dict[Path, Path]:
    """Removes every `node_modules` of the tree. What generators made is set aside: where it was -> where it is."""
    kept: dict[Path, Path] = {}
    for modules in [path for path in work.root.rglob("node_modules") if "node_modules" not in path.parent.parts]:
        for name in _GENERATED:
            if (modules / name).is_dir():
                aside = work.scratch / f"generated{len(kept)}"
                shutil.move(modules / name, aside)
                kept[modules / name] = aside
        shutil.rmtree(modules)
    return kept


def restored(kept: dict[Path, Path]) -> None:
    """Puts back what `cleared` set aside."""
    for place, aside in kept.items():
        if not place.exists() and place.parent.is_dir():
            shutil.move(aside, place)


def trimmed(work: Work, around: Workspace) -> None:
    """Leaves of the workspace what the service runs with: its folder, those of the members that it needs then."""
    kept = (around.folder, *around.kept)
    for folder in around.members:
        if not any(folder == each or each.startswith(f"{folder}/") or folder.startswith(f"{each}/") for each in kept):
            shutil.rmtree(work.root / folder, ignore_errors=True)
            _empty_removed(work.root, (work.root / folder).parent)
    for modules in work.root.rglob("node_modules"):
        for link in (*modules.glob("*"), *modules.glob("@*/*"), *modules.glob(".bin/*")):
            if link.is_symlink() and not link.exists():
                link.unlink()


def _empty_removed(root: Path, folder: Path) -> None:
    """Removes a folder where nothing is left in it, and those above it."""
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
