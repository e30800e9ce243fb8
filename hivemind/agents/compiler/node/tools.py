"""Package managers of Node: which one a project is for, and how it installs what its lock holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.builds.clean_environment import clean
from hivemind.builds.sources import Sources
from hivemind.text.file_formats import json_object

if TYPE_CHECKING:
    from hivemind.builds.work import Work

LOCKS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--loglevel=error")
MACHINES = {"x86_64": "x64", "aarch64": "arm64"}
_PNPM = {"5": "7", "6": "8", "7": "9", "9": "10"}
"""Version of pnpm's lock file -> the newest pnpm that writes it (pnpm's documentation, "Git", lockfile version)."""


@dataclass(frozen=True)
class Manager:
    """name: `npm`, `pnpm`, `yarn` (version 1), `berry` (yarn from 2 on) or `bun`. version: asked for, as npm writes
    ranges. lock: its file, None without. release: file of a yarn that the repository carries."""

    name: str
    version: str = ""
    lock: str | None = None
    release: str | None = None

    @property
    def package(self) -> str | None:
        """The npm package that holds it."""
        return {"pnpm": "pnpm", "yarn": "yarn", "berry": "@yarnpkg/cli-dist", "bun": "bun"}.get(self.name)


@dataclass(frozen=True)
class Commands:
    """install: all dependencies. production: those alone that the application runs with. prune: from all to those.
    env: for each of them. leftovers: what they leave in `node_modules` with times in it."""

    install: tuple[str, ...]
    production: tuple[str, ...]
    prune: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    leftovers: tuple[str, ...] = (".package-lock.json", ".cache")


def manager_of(sources: Sources, install: str | None = None) -> Manager:
    """The package manager of a project: `packageManager` of its manifest, else its lock's, else its command's."""
    found = next((lock for lock in LOCKS if lock in sources.files), None)
    said = re.match(r"(npm|pnpm|yarn|bun)@v?(\d[\w.-]*)", str(package_json(sources).get("packageManager", "")))
    named = re.match(r"(?:corepack\s+)?(npm|pnpm|yarn|bun)\b", install or "")
    if said:
        name, version = said[1], said[2]
    else:
        name, version = (LOCKS[found] if found else named[1] if named else "npm"), ""
    lock = next((file for file, owner in LOCKS.items() if owner == name and file in sources.files), None)
    if name == "yarn":
        return _yarn(sources, version, lock)
    if name == "pnpm" and not version:
        match = re.search(r"(?m)^lockfileVersion:\s*'?(\d+)", sources.text(lock) or "") if lock else None
        version = _PNPM.get(match[1], "10") if match else "10"
    return Manager(name, version, lock)


def commands(manager: Manager, work: Work) -> Commands:
    """How a manager installs for the platform of a build; from its lock alone where there is one."""
    locked = manager.lock is not None
    base: tuple[str, ...]
    left: tuple[str, ...]
    match manager.name:
        case "pnpm":
            base = ("pnpm", "install", "--frozen-lockfile" if locked else "--no-frozen-lockfile")
            env = {
                "npm_config_store_dir": str(work.store.cache("pnpm")),
                "npm_config_package_import_method": "copy",
                "npm_config_extend_node_path": "false",
                "npm_config_confirm_modules_purge": "false",
                "npm_config_manage_package_manager_versions": "false",
            }
            left = (
                ".modules.yaml",
                ".pnpm-workspace-state.json",
                ".pnpm-workspace-state-v1.json",
                ".pnpm/lock.yaml",
                ".cache",
            )
            return Commands(base, (*base, "--prod"), ("pnpm", "prune", "--prod", "--ignore-scripts"), env, left)
        case "yarn":
            base = (
                "yarn",
                "install",
                "--non-interactive",
                "--no-progress",
                "--frozen-lockfile" if locked else "--no-lockfile",
            )
            env = {"YARN_CACHE_FOLDER": str(work.store.cache("yarn"))}
            left = (".yarn-integrity", ".cache")
            pruned = (*base, "--production", "--ignore-scripts", "--prefer-offline")
            return Commands((*base, "--production=false"), (*base, "--production"), pruned, env, left)
        case "berry":
            env = {
                # Plug'n'Play needs its loader and cache at run time; a plain node_modules needs nothing.
                "YARN_NODE_LINKER": "node-modules",
                "YARN_GLOBAL_FOLDER": str(work.store.cache("berry")),
                "YARN_ENABLE_GLOBAL_CACHE": "true",
                "YARN_ENABLE_TELEMETRY": "0",
                "YARN_IGNORE_PATH": "1",
            }
            every = ("yarn", "install", "--immutable" if locked else "--no-immutable")
            focus = ("yarn", "workspaces", "focus", "--all", "--production")
            return Commands(every, focus, focus, env, (".yarn-state.yml", ".package-map.json", ".cache"))
        case "bun":
            base = ("bun", "install", *(("--frozen-lockfile",) if locked else ("--no-save",)))
            env = {"BUN_INSTALL_CACHE_DIR": str(work.store.cache("bun"))}
            return Commands(base, (*base, "--production"), (*base, "--production"), env, (".cache",))
        case _:
            base = (
                "npm",
                "ci" if locked else "install",
                *QUIET,
                *target(work),
                *(() if locked else ("--no-package-lock",)),
            )
            pruned = ("npm", "prune", "--omit=dev", *QUIET, *target(work), *(() if locked else ("--no-package-lock",)))
            return Commands(base, (*base, "--omit=dev"), pruned)


def target(work: Work) -> tuple[str, ...]:
    """For which system npm chooses optional and native packages, where it is not this machine's."""
    if work.platform.native:
        return ()
    return ("--os=linux", f"--cpu={MACHINES.get(work.platform.machine, work.platform.machine)}", "--libc=glibc")


def provided(manager: Manager, work: Work) -> Path | None:
    """The folder with a manager's program, out of the npm package that holds it; None for npm, which comes with Node.

    Raises StageError(BUILD) where that version can't be had.
    """
    package = manager.package
    if package is None:
        return None
    if manager.release:
        return _checked_in(work, manager.release)
    return tool(work, package, manager.version or "latest", scripts=manager.name == "bun")


def tool(work: Work, package: str, version: str, *, scripts: bool = False, force: bool = False) -> Path:
    """The folder with the programs of an npm package, kept in the store.

    scripts: whether the package's own run on installing. force: also for another processor than this machine's.
    Raises StageError(BUILD).
    """
    key = hashlib.sha256(f"tool {package}@{version} {work.platform.machine}".encode()).hexdigest()
    layer = work.store.layer(key)
    if layer is None:
        made = work.scratch / f"tool-{package.rpartition('/')[2]}"
        made.mkdir()
        (made / "package.json").write_text('{"private": true}\n')
        quiet = (
            *QUIET,
            "--no-package-lock",
            *(() if scripts else ("--ignore-scripts",)),
            *(("--force",) if force else ()),
        )
        work.programs.run(
            ["npm", "install", *quiet, f"{package}@{version}"],
            cwd=made,
            env=clean(),
            shown=f"npm install {package}@{version}",
        )
        layer = work.store.keep_layer(key, made)
    return layer / "node_modules" / ".bin"


def package_json(sources: Sources, folder: str = ".") -> dict[str, object]:
    """The manifest of a project, or of a folder in it; empty where there is none or it can't be read."""
    return json_object(sources.text("package.json" if folder == "." else f"{folder}/package.json"))


def read(file: Path) -> dict[str, object]:
    """A manifest on disk; empty where there is none or it can't be read."""
    return json_object(file.read_text(encoding="utf-8-sig", errors="replace")) if file.is_file() else {}


def _yarn(sources: Sources, version: str, lock: str | None) -> Manager:
    settings = sources.text(".yarnrc.yml") or ""
    carried = re.search(r"(?m)^yarnPath:\s*[\"']?([^\s\"']+)", settings)
    release = carried[1].removeprefix("./") if carried else None
    text = sources.text(lock) or "" if lock else ""
    is_berry = "__metadata:" in text or bool(settings) or (version != "" and not version.startswith("1."))
    if not is_berry:
        return Manager("yarn", version or "1.22.22", lock)
    if not version:
        # The lock's own version says which yarn wrote it: 8 is that of yarn 4.
        match = re.search(r"__metadata:\s+version:\s*(\d+)", text)
        version = "3" if match and int(match[1]) < 8 else "4"
    return Manager("berry", version, lock, release if release in sources.files else None)


def _checked_in(work: Work, release: str) -> Path:
    """The repository's own yarn as a program."""
    folder = work.scratch / "tool-yarn"
    folder.mkdir(exist_ok=True)
    script = folder / "yarn"
    script.write_text(f'#!/bin/sh\nexec node "{work.root / release}" "$@"\n')
    script.chmod(0o755)
    return folder
