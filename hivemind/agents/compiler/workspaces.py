"""Workspaces: a service whose lock, and whose neighbours, stand above its own folder."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hivemind.repository import Repository

NODE_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb")
_RUNS_WITH = ("dependencies", "optionalDependencies", "peerDependencies")
_NAMES_PATHS = ("pyproject.toml", "Pipfile", "requirements.txt")
_OUTSIDE = re.compile(r"(?:path\s*=\s*[\"']|PROJECT_ROOT\}/|^\s*(?:-e\s+|--editable[ =])?)((?:\./)?\.\./[\w./-]+)")
"""How these name a project above their folder."""
_BESIDE = (".yarn/releases/", ".yarn/plugins/", ".yarn/patches/", "patches/")
"""Folders at the top of a workspace that its package manager reads."""


@dataclass(frozen=True)
class Member:
    """One project of a workspace. folder: relative to the root. runs_with, built_with: names of members that it needs
    when it runs, and those that only its build needs. builds: whether it has a build script."""

    folder: str
    name: str
    runs_with: tuple[str, ...] = ()
    built_with: tuple[str, ...] = ()
    builds: bool = False


@dataclass(frozen=True)
class Workspace:
    """What stands around a service.

    kind: `node` or `python`. root: absolute folder of the workspace. above: that folder in the repository. folder: the
    service's, relative to the root. files: relative to the root, what is laid around the service's own files for a
    build: files at the top, manifests of all members, the members that it needs. needed: those members in the order in
    which they are built. kept: folders of those that are needed when it runs. lock: file at the root, None without.
    """

    kind: str
    root: Path
    above: str
    folder: str
    files: tuple[str, ...]
    needed: tuple[Member, ...] = ()
    kept: tuple[str, ...] = ()
    lock: str | None = None
    members: tuple[str, ...] = field(default=())


def find(path: str, repository: Repository, kind: str) -> Workspace | None:
    """The workspace that a service's folder belongs to, by what the manifests above it say; None for one on its own.

    kind: `node` or `python`; nothing is known of others.
    """
    folder = PurePosixPath(path).as_posix()
    if folder in {".", ""} or folder.startswith(".."):
        return None
    if kind == "node" and not any(repository.has(f"{folder}/{lock}") for lock in NODE_LOCKS):
        for above in _above(folder):
            patterns = _node_patterns(repository, above)
            inside = _inside(folder, above)
            if patterns and _matches(inside, patterns) and repository.has(f"{folder}/package.json"):
                return _node(repository, above, inside, patterns)
    if kind == "python" and repository.has(f"{folder}/pyproject.toml") and not repository.has(f"{folder}/uv.lock"):
        for above in _above(folder):
            if (found := _uv(repository, above, _inside(folder, above))) is not None:
                return found
    return _beside(repository, folder) if kind == "python" else None


def _above(folder: str) -> Iterator[str]:
    """The folders above one, the nearest first, `.` last."""
    for parent in PurePosixPath(folder).parents:
        yield parent.as_posix()


def _inside(folder: str, above: str) -> str:
    return folder if above == "." else folder.removeprefix(f"{above}/")


def _join(above: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(above, name))


def _node(repository: Repository, above: str, inside: str, patterns: list[str]) -> Workspace:
    members = _members(repository, above, patterns)
    service = next(each for each in members.values() if each.folder == inside)
    runs = _closure(members, service, built=False)
    needed = _closure(members, service, built=True)
    lock = next((lock for lock in NODE_LOCKS if repository.has(_join(above, lock))), None)
    return Workspace(
        "node",
        repository.root / above,
        above,
        inside,
        tuple(_files(repository, above, inside, members.values(), needed)),
        tuple(needed),
        tuple(each.folder for each in runs),
        lock,
        tuple(sorted(each.folder for each in members.values())),
    )


def _node_patterns(repository: Repository, above: str) -> list[str]:
    """The globs of a workspace's members, as npm, yarn and bun, or as pnpm has them."""
    content = _json(repository, _join(above, "package.json"))
    said = content.get("workspaces")
    said = said.get("packages") if isinstance(said, Mapping) else said
    found = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    text = repository.text(_join(above, "pnpm-workspace.yaml"))
    if text:
        import yaml

        try:
            settings = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError):
            settings = None
        listed = settings.get("packages") if isinstance(settings, dict) else None
        found += [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return found


def _members(repository: Repository, above: str, patterns: list[str]) -> dict[str, Member]:
    """Name -> member. One without a name goes by its folder."""
    found = {}
    for file in repository.under(above):
        folder, _, name = file.rpartition("/")
        if name == "package.json" and folder and "node_modules" not in folder and _matches(folder, patterns):
            content = _json(repository, _join(above, file))
            scripts = content.get("scripts")
            member = Member(
                folder,
                str(content.get("name") or folder),
                tuple(dict.fromkeys(name for table in _RUNS_WITH for name in _table(content, table))),
                tuple(_table(content, "devDependencies")),
                isinstance(scripts, Mapping) and "build" in scripts,
            )
            found[member.name] = member
    return found


def _closure(members: Mapping[str, Member], service: Member, *, built: bool) -> list[Member]:
    """The other members that one needs, those first that others need."""
    done: dict[str, None] = {}
    under_way: set[str] = set()

    def visit(member: Member) -> None:
        if member.name in under_way:
            return
        under_way.add(member.name)
        for name in (*member.runs_with, *(member.built_with if built else ())):
            if name in members:
                visit(members[name])
        done[member.name] = None

    visit(service)
    return [members[name] for name in done if name != service.name]


def _files(
    repository: Repository, above: str, inside: str, members: Iterable[Member], needed: Iterable[Member]
) -> Iterator[str]:
    """What is laid around a service: see `Workspace.files`."""
    manifests = {f"{member.folder}/package.json" for member in members}
    whole = tuple(f"{member.folder}/" for member in needed)
    for file in repository.under(above):
        if file.startswith(f"{inside}/"):
            continue
        if "/" not in file or file in manifests or file.startswith((*whole, *_BESIDE)):
            yield file


def _uv(repository: Repository, above: str, inside: str) -> Workspace | None:
    """A member of uv's workspace: the lock at the root names the others that it needs by their folders."""
    lock = repository.text(_join(above, "uv.lock"), limit=20_000_000)
    settings = _toml(repository.text(_join(above, "pyproject.toml"))).get("tool", {}).get("uv", {}).get("workspace", {})
    patterns = [str(each) for each in settings.get("members", [])]
    patterns += [f"!{each}" for each in settings.get("exclude", [])]
    if lock is None or not _matches(inside, patterns):
        return None
    folders = sorted(set(re.findall(r"(?m)^source = \{ (?:editable|virtual|directory) = \"([^\"]+)\"", lock)))
    others = tuple(f"{folder}/" for folder in folders if folder not in {".", inside})
    files = [
        file
        for file in repository.under(above)
        if not file.startswith(f"{inside}/") and ("/" not in file or file.startswith(others))
    ]
    return Workspace("python", repository.root / above, above, inside, tuple(files), lock="uv.lock")


def _beside(repository: Repository, folder: str) -> Workspace | None:
    """A Python project with others in folders outside of its own, by path, and what those need in the same way."""
    found: dict[str, None] = {}
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        for name in _NAMES_PATHS:
            lines = (repository.text(f"{place}/{name}") or "").splitlines()
            for other in (match[1] for line in lines for match in _OUTSIDE.finditer(line)):
                there = posixpath.normpath(posixpath.join(place, other))
                known = there in found or there == folder or there.startswith("..")
                if not known and any(repository.has(f"{there}/{each}") for each in ("pyproject.toml", "setup.py")):
                    found[there] = None
                    waiting.append(there)
    if not found:
        return None
    files = [f"{each}/{file}" for each in found for file in repository.under(each)]
    outside = tuple(sorted({file for file in files if not file.startswith(f"{folder}/")}))
    return Workspace("python", repository.root, ".", folder, outside)


def _matches(folder: str, patterns: Iterable[str]) -> bool:
    """Whether a folder is one of a workspace's, by its globs; the last one that fits decides."""
    answer = False
    for pattern in patterns:
        bare = pattern.removeprefix("!").removeprefix("./").rstrip("/")
        expression = re.escape(bare).replace(r"\*\*/", "(?:[^/]+/)*").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        expression = re.sub(r"\\\{([^}]*)\\\}", lambda match: f"(?:{match[1].replace(',', '|')})", expression)
        if re.fullmatch(expression, folder):
            answer = not pattern.startswith("!")
    return answer


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}


def _json(repository: Repository, file: str) -> Mapping[str, Any]:
    try:
        content = json.loads(repository.text(file) or "{}")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _toml(text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        return {}
