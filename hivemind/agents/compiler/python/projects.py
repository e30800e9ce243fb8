"""Local projects: dependencies of a pyproject.toml or a Pipfile as requirement lines, and as their lock pins them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hivemind.agents.compiler.python import locks
from hivemind.agents.compiler.python.asked import Asked
from hivemind.agents.compiler.python.locks.model import Lock, Package, requirements
from hivemind.agents.compiler.python.locks.resolution import Missing, resolve
from hivemind.agents.compiler.python.specifiers import specifier
from hivemind.builds.sources import Sources
from hivemind.text.file_formats import table, toml_table

_BESIDE = re.compile(r"(?<![\w.-])[\w.-]+(?:\[[^\]]{0,200}\])?\s*@\s*file:///\$\{PROJECT_ROOT\}/([^\s;]+)")
"""PDM's way to write a project in a folder beside, which stands for Poetry's and Pipenv's here."""
_PIPENV = {"packages": "default", "dev-packages": "develop", "default": "packages", "develop": "dev-packages"}
"""Sections of a Pipfile and of its lock, either way."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for on top of production dependencies: names of groups and extras. bare: the project itself is
    not installed. tool: `uv`, `poetry`, `pdm` or `pipenv`, None where only files tell. categories: sections of
    Pipfile.lock in place of the usual one."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    all_extras: bool = False
    bare: bool = False
    tool: str | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Locked:
    """A lock and what it has for a target."""

    lock: Lock
    packages: tuple[Package, ...]
    missing: tuple[Missing, ...]


def local(sources: Sources, asked: Asked, text: str) -> None:
    """A local project asked for by path (`.`, `./lib[extra]`): its dependencies, then itself."""
    path, _, extras = text.removeprefix("file:").partition("[")
    folder = PurePosixPath(path).as_posix()
    base = sources.workspace.folder if sources.workspace else "."
    place = posixpath.normpath(posixpath.join(base, folder))
    content = toml(sources.whole, "pyproject.toml" if place == "." else f"{place}/pyproject.toml")
    project = content.get("project")
    if not isinstance(project, dict) or "dependencies" in project.get("dynamic", ()):
        asked.whole.append(text if base == "." else f"{place}[{extras}" if extras else place)
        return
    asked.lines += _strings(project.get("dependencies"))
    optional = table(project, "optional-dependencies")
    for extra in filter(None, (name.strip() for name in extras.rstrip("]").split(","))):
        asked.lines += _strings(optional.get(extra))
    asked.locals.append(place)


def managed(sources: Sources, asked: Asked, wanted: Wanted, target: Mapping[str, str]) -> None:
    """What uv, poetry, pdm or pipenv would install for production: exactly what their lock file holds.

    Without a lock, what the manifest allows. Raises LockError for a lock that can't be read.
    """
    content = toml(sources, "pyproject.toml")
    held = locked(sources, wanted, target)
    if held is None:
        for line in manifest(sources, wanted):
            if match := _BESIDE.match(line):
                local(sources, asked, f"./{match[1]}")
            else:
                asked.lines.append(line)
        if asked.lines:
            asked.notices.append("no lock file: pip chose versions from the index; the next build may choose others")
    else:
        asked.contradictions += [f"{held.lock.file}: {each}" for each in held.missing if not each.by]
        asked.notices += [f"{held.lock.file}: {each}" for each in held.missing if each.by]
        around = sources.workspace
        # uv's lock is above the members of its workspace; others lie in the project's own folder.
        _pin(asked, held.packages, around.folder if around and not around.lock else ".")
    if _is_package(content, wanted) and not _is_empty(content, sources):
        asked.locals.append(sources.workspace.folder if sources.workspace else ".")


def locked(sources: Sources, wanted: Wanted, target: Mapping[str, str]) -> Locked | None:
    """What the project's lock has for a target; None without a lock. Raises LockError."""
    lock = locks.read(sources, wanted.tool)
    if lock is None:
        return None
    roots = list(requirements(manifest(sources, wanted)))
    if lock.flat:
        held = wanted.categories or ("default",)
        lock = replace(
            lock, packages=tuple(each for each in lock.packages if each.groups is None or each.groups & {*held})
        )
    if lock.roots:
        extras = lock.extras if wanted.all_extras else {name: lock.extras.get(name, ()) for name in wanted.extras}
        own = [*lock.roots.get("", ()), *(each for listed in extras.values() for each in listed)]
        own += [each for name in wanted.groups for each in lock.roots.get(name, ())]
        packages, missing = resolve(lock, own, target)
        from hivemind.agents.compiler.python.locks.resolution import missing as unfulfilled

        return Locked(lock, packages, (*missing, *unfulfilled(roots, lock.packages, target)))
    packages, missing = resolve(lock, roots, target)
    return Locked(lock, packages, missing)


def manifest(sources: Sources, wanted: Wanted) -> list[str]:
    """What the project itself asks for, as requirement lines."""
    content = toml(sources, "pyproject.toml")
    project = table(content, "project")
    poetry = table(content, "tool", "poetry")
    lines: list[str] = []
    if wanted.categories:
        tables = toml(sources, "Pipfile")
        return [line for name in wanted.categories for line in _table(tables.get(_PIPENV.get(name, name), {}))]
    if "Pipfile" in sources.files and "dependencies" not in project and "dependencies" not in poetry:
        lines += _table(toml(sources, "Pipfile").get("packages", {}))
    elif project.get("dependencies") is not None:
        lines += _strings(project["dependencies"])
    elif "dependencies" in poetry:
        lines += _table(poetry["dependencies"])
    optional = table(project, "optional-dependencies")
    for name in optional if wanted.all_extras else wanted.extras:
        lines += _strings(optional.get(name))
        lines += [line for each in _strings(table(poetry, "extras").get(name)) for line in _optional(poetry, each)]
    for name in wanted.groups:
        lines += group(table(content, "dependency-groups"), name)
        lines += _table(table(poetry, "group", name, "dependencies"))
    return lines


def wanted_by(options: list[str], tool: str | None = None) -> Wanted:
    """`--group NAME`, `--extra NAME`, `--with NAME`, `-G NAME`, `--all-extras`, `--no-root` of a command line."""
    text = " ".join(options)
    named = re.findall(r"(--group|--extra|--extras|--with|-G|-E)[ =]([\w.,-]+)", text)
    groups = [one for option, names in named if option in {"--group", "--with", "-G"} for one in names.split(",")]
    extras = [one for option, names in named if option not in {"--group", "--with"} for one in names.split(",")]
    bare = bool({"--no-root", "--no-install-project", "--no-self"} & set(options))
    found = re.findall(r"--categories[= ]([\w ,-]{1,500}?)(?= --|$)", text) if tool == "pipenv" else []
    categories = tuple(_PIPENV.get(name, name) for names in found for name in re.split(r"[ ,]+", names) if name)
    return Wanted(tuple(groups), tuple(extras), "--all-extras" in options, bare, tool, categories)


def _pin(asked: Asked, packages: tuple[Package, ...], base: str) -> None:
    """Requirement lines for locked packages: with hashes where the lock has them. base: folder of the lock."""
    for package in packages:
        if package.folder:
            if package.folder not in {".", ""}:
                asked.locals.append(posixpath.normpath(posixpath.join(base, package.folder)))
        elif package.direct:
            asked.direct.append(f"{package.name} @ {package.direct}")
        elif package.hashes:
            asked.pinned.append(
                f"{package.name}=={package.version} {' '.join(f'--hash={one}' for one in package.hashes)}"
            )
        else:
            asked.direct.append(f"{package.name}=={package.version}")


def _optional(poetry: Mapping[str, Any], name: str) -> Iterator[str]:
    entry = table(poetry, "dependencies").get(name)
    if isinstance(entry, dict):
        yield from _table({name: {**entry, "optional": False}})


def group(groups: Mapping[str, Any], name: str) -> list[str]:
    """A dependency group (PEP 735) with the groups that it includes, each once."""
    lines: list[str] = []
    seen: set[str] = set()
    waiting: list[Any] = [{"include-group": name}]
    while waiting:
        each = waiting.pop()
        included = str(each["include-group"]) if isinstance(each, dict) and "include-group" in each else None
        if isinstance(each, str):
            lines.append(each)
        elif included is not None and included not in seen:
            seen.add(included)
            held = groups.get(included)
            waiting += reversed(held) if isinstance(held, list) else ()
    return lines


def _is_package(content: Mapping[str, Any], wanted: Wanted) -> bool:
    said = (("uv", "package"), ("poetry", "package-mode"), ("pdm", "distribution"))
    if wanted.bare or any(table(content, "tool", tool).get(key) is False for tool, key in said):
        return False
    return "build-system" in content


def _is_empty(content: Mapping[str, Any], sources: Sources) -> bool:
    """Whether Poetry would find no package to install: it warned of that, and went on, before its version 2."""
    poetry, backend = table(content, "tool", "poetry"), table(content, "build-system").get("build-backend")
    name = poetry.get("name") or table(content, "project").get("name")
    if not str(backend).startswith("poetry") or "packages" in poetry or "include" in poetry or not name:
        return False
    module = canonicalize_name(str(name)).replace("-", "_")
    places = (f"{module}/", f"src/{module}/", f"{module}.py", f"src/{module}.py")
    return not any(file.startswith(places) for file in sources.files)


def _table(held: object) -> Iterator[str]:
    """Poetry's and Pipenv's tables as requirement lines."""
    for name, value in held.items() if isinstance(held, dict) else ():
        if name.lower() == "python":
            continue
        for each in value if isinstance(value, list) else [value]:
            entry = each if isinstance(each, dict) else {"version": each}
            if entry.get("optional"):
                continue
            extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
            marker = _marker(entry)
            if "git" in entry:
                reference = entry.get("rev") or entry.get("ref") or entry.get("tag") or entry.get("branch")
                yield f"{name}{extras} @ git+{entry['git']}{'@' + reference if reference else ''}{marker}"
            elif "path" in entry:
                path = posixpath.normpath(str(entry["path"]))
                yield f"{name}{extras} @ file:///${{PROJECT_ROOT}}/{path}{marker}"
            else:
                yield f"{name}{extras}{specifier(str(entry.get('version', '*')))}{marker}"


def _marker(entry: Mapping[str, Any]) -> str:
    """Poetry's `markers`, `python` and `platform` of one entry, as a requirement line writes them."""
    said = [f"({entry['markers']})"] if entry.get("markers") else []
    versions = re.finditer(r"(?<![<>=!~])([<>=!~]+)\s*([\w.]+)", specifier(str(entry.get("python", "*"))))
    said += (f'python_full_version {each[1]} "{each[2]}"' for each in versions)
    if entry.get("platform"):
        said.append(f'sys_platform == "{entry["platform"]}"')
    return f" ; {' and '.join(said)}" if said else ""


def required(line: str) -> Requirement | None:
    """A requirement line as a value, None for one that is none."""
    return next(iter(requirements([line])), None)


def toml(sources: Sources, file: str) -> dict[str, Any]:
    """A TOML file of the sources; empty where there is none or it can't be read."""
    return toml_table(sources.text(file))


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
