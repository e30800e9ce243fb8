"""Local projects and their lock files: dependencies of a pyproject.toml or a Pipfile as requirement lines."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hivemind.agents.compiler.sources import Sources

if TYPE_CHECKING:
    from hivemind.agents.compiler.python.requirements import Asked


def local(sources: Sources, asked: Asked, text: str) -> None:
    """A local project asked for by path (`.`, `./lib[extra]`): its dependencies, then itself."""
    path, _, extras = text.removeprefix("file:").partition("[")
    folder = PurePosixPath(path).as_posix()
    content = _toml(sources, "pyproject.toml" if folder == "." else f"{folder}/pyproject.toml")
    project = content.get("project")
    if not isinstance(project, dict) or "dependencies" in project.get("dynamic", ()):
        asked.whole.append(text)
        return
    asked.lines += _strings(project.get("dependencies"))
    optional = project.get("optional-dependencies", {})
    for extra in filter(None, (name.strip() for name in extras.rstrip("]").split(","))):
        asked.lines += _strings(optional.get(extra))
    asked.locals.append(folder)


def managed(sources: Sources, asked: Asked, options: list[str]) -> None:
    """What uv, poetry, pdm or pipenv would install for production, pinned as their lock file says."""
    content = _toml(sources, "pyproject.toml")
    project = content.get("project", {})
    poetry = content.get("tool", {}).get("poetry", {})
    if "Pipfile" in sources.files and not content:
        asked.lines += list(_table(_toml(sources, "Pipfile").get("packages", {})))
    elif project.get("dependencies") is not None:
        asked.lines += _strings(project["dependencies"])
    elif "dependencies" in poetry:
        asked.lines += list(_table(poetry["dependencies"]))
    _groups(content, asked, options)
    asked.constraints += _locked(sources)
    if _is_package(content, options):
        asked.locals.append(".")


def _groups(content: Mapping[str, Any], asked: Asked, options: list[str]) -> None:
    """`--group NAME`, `--extra NAME`, `--with NAME` of the command line."""
    wanted = re.findall(r"(--group|--extra|--extras|--with|-G)[ =]([\w.,-]+)", " ".join(options))
    groups = content.get("dependency-groups", {})
    optional = content.get("project", {}).get("optional-dependencies", {})
    poetry = content.get("tool", {}).get("poetry", {}).get("group", {})
    for name in (each for _, names in wanted for each in names.split(",")):
        asked.lines += _strings(groups.get(name)) + _strings(optional.get(name))
        asked.lines += list(_table(poetry.get(name, {}).get("dependencies", {})))


def _is_package(content: Mapping[str, Any], options: list[str]) -> bool:
    tools = content.get("tool", {})
    if "--no-root" in options or "--no-install-project" in options or "--no-self" in options:
        return False
    if tools.get("uv", {}).get("package") is False or tools.get("poetry", {}).get("package-mode") is False:
        return False
    if tools.get("pdm", {}).get("distribution") is False:
        return False
    return "build-system" in content


def _table(table: object) -> Iterator[str]:
    """Poetry's and Pipenv's tables as requirement lines."""
    for name, value in table.items() if isinstance(table, dict) else ():
        if name.lower() == "python":
            continue
        entry = value if isinstance(value, dict) else {"version": value}
        if entry.get("optional"):
            continue
        extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
        marker = f" ; {entry['markers']}" if entry.get("markers") else ""
        if "git" in entry:
            reference = entry.get("rev") or entry.get("tag") or entry.get("branch")
            yield f"{name}{extras} @ git+{entry['git']}{'@' + reference if reference else ''}{marker}"
        elif "path" not in entry:
            yield f"{name}{extras}{_specifier(str(entry.get('version', '*')))}{marker}"


def _specifier(version: str) -> str:
    """Poetry's `^1.2`, `~1.2`, `1.2`, `*` as PEP 440 specifiers."""
    return ",".join(filter(None, (_one(part.strip()) for part in version.split(","))))


def _one(version: str) -> str:
    if version in {"*", ""}:
        return ""
    if match := re.fullmatch(r"([\^~])\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)", version):
        major, minor, patch = (int(match[number]) if match[number] else None for number in (2, 3, 4))
        return f">={version[1:].strip()},<{_next(match[1], major or 0, minor, patch)}"
    return version if re.match(r"[<>=!~]", version) else f"=={version}"


def _next(sign: str, major: int, minor: int | None, patch: int | None) -> str:
    if sign == "~":
        return f"{major}.{minor + 1}" if minor is not None else str(major + 1)
    if major or minor is None:
        return str(major + 1)
    return f"0.{minor + 1}" if minor or patch is None else f"0.0.{patch + 1}"


def _locked(sources: Sources) -> list[str]:
    """Pins of the lock file; a name that it holds in several versions is left to pip."""
    pairs: list[tuple[str, str]] = []
    for lock in ("uv.lock", "poetry.lock", "pdm.lock"):
        if lock in sources.files:
            packages = _toml(sources, lock).get("package", ())
            pairs = [
                (str(package["name"]), str(package["version"]))
                for package in packages
                if "version" in package and not _is_local(package.get("source"))
            ]
            break
    else:
        pairs = list(_pipfile_lock(sources))
    names = Counter(name for name, _ in pairs)
    return sorted(f"{name}=={version}" for name, version in pairs if names[name] == 1)


def _is_local(source: object) -> bool:
    return isinstance(source, dict) and bool({"editable", "virtual", "directory", "git", "path"} & set(source))


def _pipfile_lock(sources: Sources) -> Iterator[tuple[str, str]]:
    try:
        packages = json.loads(sources.text("Pipfile.lock") or "{}").get("default", {})
    except (ValueError, AttributeError):
        return
    for name, entry in packages.items():
        version = entry.get("version", "") if isinstance(entry, dict) else ""
        if version.startswith("=="):
            yield name, version.removeprefix("==")


def _toml(sources: Sources, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(sources.text(file) or "")
    except tomllib.TOMLDecodeError:
        return {}


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
