"""Workspaces: a service whose lock, and whose neighbours, stand above its own folder."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hivemind.repositories.repository import Repository
from hivemind.text.file_formats import json_object, table, toml_table, yaml_mapping

NODE_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb")
_RUNS_WITH = ("dependencies", "optionalDependencies", "peerDependencies")
_NAMES_PATHS = ("pyproject.toml", "Pipfile", "requirements.txt")
_OUTSIDE = re.compile(r"(?:path\s*=\s*[\"']|PROJECT_ROOT\}/|^\s*(?:-e\s+|--editable[ =])?)((?:\./)?\.\./[\w./-]+)")
"""How these name a project above their folder."""
_BESIDE = (".yarn/releases/", ".yarn/plugins/", ".yarn/patches/", "patches/")
"""Folders at the top of a workspace that its package manager reads."""
_BRACES = re.compile(r"\{([^{}]*)\}")
_MOST_GLOBS = 500
_LONGEST_GLOB = 300


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
            if (found := _node(repository, above, _inside(folder, above))) is not None:
                return found
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


def _node(repository: Repository, above: str, inside: str) -> Workspace | None:
    """A member of the workspace of Node that a folder is the root of; None where it is no member."""
    globs = _globs(_node_patterns(repository, above))
    members = _members(repository, above, globs) if _matches(inside, globs) else {}
    service = members.get(inside)
    if service is None:
        return None
    runs = _closure(members.values(), service, built=False)
    needed = _closure(members.values(), service, built=True)
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
        tuple(sorted(members)),
    )


def _node_patterns(repository: Repository, above: str) -> list[str]:
    """The globs of a workspace's members, as npm, yarn and bun, or as pnpm has them."""
    said = json_object(repository.text(_join(above, "package.json"))).get("workspaces")
    npm = said.get("packages") if isinstance(said, Mapping) else said
    pnpm = yaml_mapping(repository.text(_join(above, "pnpm-workspace.yaml"))).get("packages")
    return [*_strings(npm), *_strings(pnpm)]


def _strings(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _members(repository: Repository, above: str, globs: Sequence[_Glob]) -> dict[str, Member]:
    """Folder -> member. One without a name goes by its folder."""
    found = {}
    for file in repository.under(above):
        folder, _, name = file.rpartition("/")
        if name == "package.json" and folder and "node_modules" not in folder.split("/") and _matches(folder, globs):
            content = json_object(repository.text(_join(above, file)))
            found[folder] = Member(
                folder,
                str(content.get("name") or folder),
                tuple(dict.fromkeys(name for each in _RUNS_WITH for name in table(content, each))),
                tuple(table(content, "devDependencies")),
                "build" in table(content, "scripts"),
            )
    return found


def _closure(members: Iterable[Member], service: Member, *, built: bool) -> list[Member]:
    """The other members that one needs, those first that others need. Of several with one name, the first is meant."""
    named: dict[str, Member] = {}
    for member in members:
        named.setdefault(member.name, member)

    def needs(member: Member) -> Iterator[Member]:
        names = (*member.runs_with, *(member.built_with if built else ()))
        return (named[name] for name in names if name in named)

    done: list[Member] = []
    seen = {service.folder}
    under_way = [(service, needs(service))]
    while under_way:
        member, rest = under_way[-1]
        following = next((each for each in rest if each.folder not in seen), None)
        if following is None:
            under_way.pop()
            done.append(member)
        else:
            seen.add(following.folder)
            under_way.append((following, needs(following)))
    return done[:-1]


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
    settings = table(toml_table(repository.text(_join(above, "pyproject.toml"))), "tool", "uv", "workspace")
    patterns = [*_strings(settings.get("members")), *(f"!{each}" for each in _strings(settings.get("exclude")))]
    if lock is None or not _matches(inside, _globs(patterns)):
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


@dataclass(frozen=True)
class _Glob:
    """segments: what a folder's segments must be, `**` any number of them. adds: False for one that leaves out."""

    segments: tuple[str, ...]
    adds: bool


def _globs(patterns: Iterable[str]) -> list[_Glob]:
    """Globs as they are matched: without braces. Those beyond what a person writes are left out."""
    found: list[_Glob] = []
    for pattern in patterns:
        bare = pattern.removeprefix("!").removeprefix("./").rstrip("/")
        if bare and len(bare) <= _LONGEST_GLOB:
            adds = not pattern.startswith("!")
            found += (_Glob(tuple(each.split("/")), adds) for each in _without_braces(bare))
    return found[:_MOST_GLOBS]


def _without_braces(pattern: str) -> list[str]:
    """What `{a,b}` stands for, each alternative a pattern of its own."""
    waiting = [pattern]
    done: list[str] = []
    while waiting and len(waiting) + len(done) <= _MOST_GLOBS:
        one = waiting.pop(0)
        if match := _BRACES.search(one):
            waiting += (f"{one[: match.start()]}{each}{one[match.end() :]}" for each in match[1].split(","))
        else:
            done.append(one)
    return done


def _matches(folder: str, globs: Iterable[_Glob]) -> bool:
    """Whether a folder is one of a workspace's, by its globs; the last one that fits decides."""
    segments = folder.split("/")
    answer = False
    for glob in globs:
        if _fits(segments, glob.segments, "**", _fits_segment):
            answer = glob.adds
    return answer


def _fits_segment(segment: str, pattern: str) -> bool:
    return _fits(segment, pattern, "*", lambda has, wants: wants in {has, "?"})


def _fits(items: Sequence[str], pattern: Sequence[str], run: str, one: Callable[[str, str], bool]) -> bool:
    """Whether a pattern fits, in which `run` stands for any number of items. Only the last run that was met is ever
    tried again with one item more, so that no pattern takes longer than its length times that of the items."""
    place = at = 0
    again: tuple[int, int] | None = None
    while place < len(items):
        if at < len(pattern) and pattern[at] == run:
            again = (place, at)
            at += 1
        elif at < len(pattern) and one(items[place], pattern[at]):
            place, at = place + 1, at + 1
        elif again:
            again = (again[0] + 1, again[1])
            place, at = again[0], again[1] + 1
        else:
            return False
    return all(each == run for each in pattern[at:])
