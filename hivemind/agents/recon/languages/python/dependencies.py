"""What a Python application depends on, from whichever manifest it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import conda
from hivemind.text.file_formats import table

REQUIREMENTS = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "requirements-prod.txt",
    "requirements_prod.txt",
    "requirements/requirements-prod.txt",
    "requirements/main.txt",
    "requirements/common.txt",
    "requirements/default.txt",
    "requirements.in",
)
_SERVERS = ("requirements-server.txt", "requirements_server.txt", "requirements-web.txt", "requirements-deploy.txt")
"""Beside the application's own: what serves it."""
_MOST_FILES = 20
_BROUGHT = {"redis": "redis", "asyncpg": "asyncpg", "psycopg": "psycopg", "psycopg2": "psycopg2",
            "postgresql": "psycopg2", "postgres": "psycopg", "mysql": "mysqlclient", "aiomysql": "aiomysql",
            "pymysql": "pymysql"}  # fmt: skip
"""Extra -> the driver that it brings: `celery[redis]`, `sqlalchemy[asyncpg]`."""


@dataclass(frozen=True)
class Dependencies:
    """names: normalised distribution name -> (file, line). manifest: the file that decides. manager: `pip`, `poetry`,
    `pdm`, `uv`, `pipenv`, `conda`. install: what a person would type. extras: name -> extras asked for.
    evidence: the file that says which manager it is. brought: those of `names` that are there for others of them
    alone, where the file says so."""

    names: Mapping[str, tuple[str, int | None]]
    manifest: str | None
    manager: str
    install: str | None
    extras: Mapping[str, frozenset[str]]
    evidence: str | None = None
    brought: frozenset[str] = frozenset()

    def asks_for(self, name: str) -> bool:
        """Whether the application itself depends on a distribution."""
        return name in self.names and name not in self.brought

    def has(self, *names: str) -> str | None:
        """The first of these that the application depends on."""
        return next((name for name in names if name in self.names), None)


def read(folder: Folder) -> Dependencies:
    """The production dependencies of the application in `folder`; development groups are left out."""
    pyproject = folder.toml("pyproject.toml")
    project, poetry = table(pyproject, "project"), table(pyproject, "tool", "poetry")
    requirements = folder.first(*REQUIREMENTS)
    lock = folder.first("uv.lock", "poetry.lock", "pdm.lock") if project or poetry else None
    found: Dependencies | None = None
    if (requirements is None or lock) and ("dependencies" in project or _is_package(pyproject) or poetry):
        found = _project(folder, pyproject, lock)
    elif folder.has("Pipfile") and (requirements is None or folder.has("Pipfile.lock")):
        entries = _keys(folder, "Pipfile", folder.toml("Pipfile").get("packages", {}))
        found = _gather(folder, "Pipfile", "pipenv", "pipenv install --deploy", entries)
    elif requirements:
        served = folder.first(*_SERVERS) if requirements == REQUIREMENTS[0] else None
        install = f"pip install -r {requirements}" + (f" -r {served}" if served else "")
        listed = [*_requirements(folder, requirements), *(_requirements(folder, served) if served else ())]
        found = _gather(folder, requirements, "pip", install, listed)
        found = replace(found, brought=_brought(folder.text(requirements) or ""))
    elif file := folder.first("setup.cfg", "setup.py"):
        found = _gather(folder, file, "pip", "pip install .", _setup(folder, file))
    elif file := folder.first(*conda.FILES):
        found = _gather(folder, file, "conda", f"conda env create -f {file}", conda.entries(folder, file))
    elif project:
        found = _project(folder, pyproject, lock)
    return found or Dependencies({}, None, "pip", None, {})


_INSTALL = {"uv": "uv sync --no-dev", "pdm": "pdm install --prod", "poetry": "poetry install --only main"}


def _project(folder: Folder, pyproject: Mapping[str, Any], lock: str | None) -> Dependencies:
    """A `[project]` table. Without a lock file and a way to build it, it is laid out as uv does, and pip installs."""
    manager = lock.partition(".")[0] if lock else _manager(pyproject)
    install = _INSTALL.get(manager, "pip install .") if lock or manager != "uv" else "pip install ."
    entries = [
        *_listed(folder, "pyproject.toml", table(pyproject, "project").get("dependencies", ())),
        *_keys(folder, "pyproject.toml", table(pyproject, "tool", "poetry", "dependencies")),
    ]
    return replace(_gather(folder, "pyproject.toml", manager, install, entries), evidence=lock)


def _is_package(pyproject: Mapping[str, Any]) -> bool:
    return "project" in pyproject and "build-system" in pyproject


def _manager(pyproject: Mapping[str, Any]) -> str:
    tools = table(pyproject, "tool")
    named = next((name for name in ("poetry", "pdm", "uv") if name in tools), None)
    return named or ("pip" if "build-system" in pyproject else "uv")


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
        for extra in requirement.extras:
            if extra in _BROUGHT:
                names.setdefault(_BROUGHT[extra], (folder.in_repository(file), line))
    return Dependencies(names, manifest, manager, install, extras)


def _requirements(folder: Folder, file: str, seen: set[str] | None = None) -> Iterator[Entry]:
    """The lines of a requirements file and of those that it includes, each file once."""
    seen = set() if seen is None else seen
    seen.add(file)
    for number, raw in enumerate((folder.text(file) or "").splitlines(), 1):
        line = re.split(r"(?:^|\s)#", raw[:2000], maxsplit=1)[0].strip().rstrip("\\").strip()
        nested = re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", line)
        if nested and (other := _beside(file, nested[1])) not in seen and len(seen) < _MOST_FILES:
            yield from _requirements(folder, other, seen)
        elif line and not line.startswith("-"):
            yield re.split(r"\s--", line, maxsplit=1)[0], file, number


def _brought(text: str) -> frozenset[str]:
    """What a file that `pip-compile` or `uv pip compile` wrote says of its lines: `# via NAME` for a distribution that
    another one asks for, and the file of requirements among the names for one that is asked for itself."""
    from packaging.utils import canonicalize_name

    via: dict[str, list[str]] = {}
    name = None
    for line in text.splitlines()[:5000]:
        if started := re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[|==|@)", line):
            name = canonicalize_name(started[1])
        said = re.search(r"(?:^|\s)#\s*(?:via\b)?\s*(.*)$", line[:500])
        if said and name and (name in via or "via" in line):
            via.setdefault(name, []).extend(each.strip() for each in said[1].split(",") if each.strip())
    plain = re.compile(r"[A-Za-z0-9][\w.-]*(?:\[[\w,.-]+\])?")
    return frozenset(name for name, reasons in via.items() if reasons and all(map(plain.fullmatch, reasons)))


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
