"""What a Python application depends on, from whichever manifest it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.agents.recon.folder import Folder

REQUIREMENTS = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "requirements-prod.txt",
    "requirements_prod.txt",
)
_DEEPEST = 8


@dataclass(frozen=True)
class Dependencies:
    """names: normalised distribution name -> (file, line). manifest: the file that decides. manager: `pip`, `poetry`,
    `pdm`, `uv`, `pipenv`. install: what a person would type. extras: name -> extras asked for."""

    names: Mapping[str, tuple[str, int | None]]
    manifest: str | None
    manager: str
    install: str | None
    extras: Mapping[str, frozenset[str]]

    def has(self, *names: str) -> str | None:
        """The first of these that the application depends on."""
        return next((name for name in names if name in self.names), None)


def read(folder: Folder) -> Dependencies:
    """The production dependencies of the application in `folder`; development groups are left out."""
    pyproject = folder.toml("pyproject.toml")
    requirements = folder.first(*REQUIREMENTS)
    if requirements:
        return _gather(
            folder, requirements, "pip", f"pip install -r {requirements}", _requirements(folder, requirements)
        )
    if pyproject.get("project", {}).get("dependencies") is not None or _is_package(pyproject):
        manager = "uv" if folder.has("uv.lock") else "pdm" if folder.has("pdm.lock") else _manager(pyproject)
        install = {"uv": "uv sync --no-dev", "pdm": "pdm install --prod", "poetry": "poetry install --only main"}
        entries = _listed(folder, "pyproject.toml", pyproject.get("project", {}).get("dependencies", ()))
        return _gather(folder, "pyproject.toml", manager, install.get(manager, "pip install ."), entries)
    if poetry := pyproject.get("tool", {}).get("poetry", {}).get("dependencies"):
        return _gather(
            folder, "pyproject.toml", "poetry", "poetry install --only main", _keys(folder, "pyproject.toml", poetry)
        )
    if folder.has("Pipfile"):
        packages = folder.toml("Pipfile").get("packages", {})
        return _gather(folder, "Pipfile", "pipenv", "pipenv install --deploy", _keys(folder, "Pipfile", packages))
    if folder.has("setup.py") or folder.has("setup.cfg"):
        file = folder.first("setup.cfg", "setup.py") or "setup.py"
        return _gather(folder, file, "pip", "pip install .", _setup(folder, file))
    return Dependencies({}, None, "pip", None, {})


def _is_package(pyproject: Mapping[str, Any]) -> bool:
    return "project" in pyproject and "build-system" in pyproject


def _manager(pyproject: Mapping[str, Any]) -> str:
    tools = pyproject.get("tool", {})
    if "poetry" in tools:
        return "poetry"
    return "pdm" if "pdm" in tools else "pip"


Entry = tuple[str, str, int | None]


def _gather(folder: Folder, manifest: str, manager: str, install: str, entries: Iterable[Entry]) -> Dependencies:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    names: dict[str, tuple[str, int | None]] = {}
    extras: dict[str, frozenset[str]] = {}
    for text, file, line in entries:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        name = canonicalize_name(requirement.name)
        names.setdefault(name, (folder.in_repository(file), line))
        extras[name] = extras.get(name, frozenset()) | requirement.extras
    return Dependencies(names, manifest, manager, install, extras)


def _requirements(folder: Folder, file: str, depth: int = 0) -> Iterator[Entry]:
    for number, raw in enumerate((folder.text(file) or "").splitlines(), 1):
        line = re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip().rstrip("\\").strip()
        nested = re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", line)
        if nested and depth < _DEEPEST:
            yield from _requirements(folder, _beside(file, nested[1]), depth + 1)
        elif line and not line.startswith("-"):
            yield re.split(r"\s--", line, maxsplit=1)[0], file, number


def _beside(file: str, other: str) -> str:
    parts = file.split("/")[:-1]
    for part in other.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {".", ".."}:
            parts.append(part)
    return "/".join(parts)


def _listed(folder: Folder, file: str, entries: object) -> Iterator[Entry]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str):
            name = re.match(r"[\w.-]+", entry)
            yield entry, file, folder.line(file, rf"[\"']{re.escape(name[0])}\b") if name else None


def _keys(folder: Folder, file: str, table: object) -> Iterator[Entry]:
    """Poetry's and Pipenv's `name = "version"` or `name = {version = ..., extras = [...]}`."""
    for name, value in table.items() if isinstance(table, dict) else ():
        if name.lower() == "python":
            continue
        extras = value.get("extras", ()) if isinstance(value, dict) else ()
        text = f"{name}[{','.join(map(str, extras))}]" if extras else str(name)
        yield text, file, folder.line(file, rf"^\s*[\"']?{re.escape(name)}[\"']?\s*=")


def _setup(folder: Folder, file: str) -> Iterator[Entry]:
    """Names inside `install_requires`, as far as they are literal."""
    text = folder.text(file) or ""
    block = re.search(r"install_requires\s*=\s*(\[[^\]]*\]|(?:\n[ \t]+[^\n]+)+)", text)
    if not block:
        return
    first = text.count("\n", 0, block.start(1)) + 1
    for offset, line in enumerate(block[1].splitlines()):
        for entry in re.findall(r"[\"']([^\"']+)[\"']", line) or [line.strip(" [],")]:
            if entry:
                yield entry, file, first + offset
