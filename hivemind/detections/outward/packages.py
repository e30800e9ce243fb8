"""The packages that an application names itself, by its manifests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hivemind.repositories.repository import Repository
from hivemind.text.file_formats import json_object, table, toml_table

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)")
_REQUIREMENTS = re.compile(r"(?:requirements[\w-]*|requirements/[\w-]+)\.(?:txt|in)")
_DEVELOPMENT = re.compile(r"dev|test|lint|doc|local")
_GO = re.compile(r"^(?:require\s+)?([a-z0-9.-]+\.[a-z]+/\S+)\s+v\S+(\s*// indirect)?", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """name: as the language's index writes it. file: in the repository. line: 1-based, None where not known."""

    name: str
    file: str
    line: int | None

    def __str__(self) -> str:
        return f"{self.name} in {self.file}:{self.line}" if self.line else f"{self.name} in {self.file}"


def packages(repository: Repository, folder: str, language: str) -> tuple[Package, ...] | None:
    """The packages that the application in a folder asks for; None where there is no manifest that can be read.

    language: one of `known.QUIET`.
    """
    prefix = "" if folder in {"", "."} else f"{folder.rstrip('/')}/"
    found = list(_READERS[language](repository, prefix))
    manifests = _MANIFESTS[language]
    there = any(repository.has(prefix + name) for name in manifests) or bool(found)
    return tuple(found) if there else None


def _python(repository: Repository, prefix: str) -> Iterator[Package]:
    for file in repository.files:
        inside = file.removeprefix(prefix)
        if file.startswith(prefix) and _REQUIREMENTS.fullmatch(inside) and not _DEVELOPMENT.search(inside):
            for number, line in enumerate((repository.text(file) or "").splitlines(), 1):
                yield from _named(line.strip(), file, number)
    project = toml_table(repository.text(f"{prefix}pyproject.toml"))
    for entry in table(project, "project").get("dependencies") or ():
        yield from _named(str(entry), f"{prefix}pyproject.toml", _line(repository, f"{prefix}pyproject.toml", entry))
    for source, name in ((table(project, "tool", "poetry", "dependencies"), "pyproject.toml"),
                         (table(toml_table(repository.text(f"{prefix}Pipfile")), "packages"), "Pipfile")):  # fmt: skip
        for entry in source:
            if entry.lower() != "python":
                yield from _named(entry, prefix + name, _line(repository, prefix + name, entry))


def _named(requirement: str, file: str, line: int | None) -> Iterator[Package]:
    """A requirement's name, normalized (PEP 503). An address is a package of its own that nobody knows."""
    if not requirement or requirement.startswith(("#", "-")):
        return
    match = _NAME.match(requirement)
    yield Package(re.sub(r"[-_.]+", "-", match[1]).lower() if match else requirement, file, line)


def _node(repository: Repository, prefix: str) -> Iterator[Package]:
    file = f"{prefix}package.json"
    for kind in ("dependencies", "optionalDependencies"):
        for name in table(json_object(repository.text(file)), kind):
            yield Package(name, file, _line(repository, file, f'"{name}"'))


def _go(repository: Repository, prefix: str) -> Iterator[Package]:
    file = f"{prefix}go.mod"
    text = repository.text(file) or ""
    for match in _GO.finditer(re.sub(r"(?m)^\s+", "", text)):
        if not match[2]:
            name = re.sub(r"/v\d+$", "", match[1])
            yield Package(name, file, _line(repository, file, match[1]))


def _line(repository: Repository, file: str, words: object) -> int | None:
    name = str(words)
    lines = (repository.text(file) or "").splitlines()
    return next((number for number, line in enumerate(lines, 1) if name in line), None)


_READERS: Mapping[str, Callable[[Repository, str], Iterator[Package]]] = MappingProxyType(
    {"python": _python, "node": _node, "go": _go}
)
_MANIFESTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"python": ("requirements.txt", "pyproject.toml", "Pipfile"), "node": ("package.json",), "go": ("go.mod",)}
)
