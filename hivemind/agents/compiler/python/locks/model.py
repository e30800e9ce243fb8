"""What a lock file says, whichever tool wrote it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

EMPTY: Mapping[str, Any] = MappingProxyType({})


class LockError(Exception):
    """A lock file that can't be read. file: its name; the message says why."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file


@dataclass(frozen=True)
class Package:
    """One entry of a lock.

    name: normalised. hashes: `sha256:...` of every file that it may be. dependencies: with markers and extras.
    extras: extra -> what it adds. direct: what to write after `@` where it comes from no index (`git+https://...`).
    folder: of a project inside the repository, relative to the lock. marker, requires_python: where it is for.
    groups: that it belongs to, None where the lock does not say.
    """

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    dependencies: tuple[Requirement, ...] = ()
    extras: Mapping[str, tuple[Requirement, ...]] = field(default_factory=lambda: EMPTY)
    direct: str | None = None
    folder: str | None = None
    marker: str | None = None
    requires_python: str | None = None
    groups: frozenset[str] | None = None


@dataclass(frozen=True)
class Lock:
    """file: its name. packages: all entries, also those for other systems and for development. roots: what the
    project itself asks for according to the lock, by group (`""` for production); empty where the lock leaves that
    to the manifest. extras: of the project. flat: whether all production entries are installed, not those that are
    reached alone."""

    file: str
    packages: tuple[Package, ...]
    roots: Mapping[str, tuple[Requirement, ...]] = field(default_factory=lambda: EMPTY)
    extras: Mapping[str, tuple[Requirement, ...]] = field(default_factory=lambda: EMPTY)
    flat: bool = False


def tables(file: str, text: str) -> Mapping[str, Any]:
    """A TOML lock. Raises LockError."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LockError(file, f"cannot read it: {error}") from error


def entries(file: str, content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The `[[package]]` tables that have a name. Raises LockError where there is something else."""
    found = content.get("package", [])
    if not isinstance(found, list):
        raise LockError(file, "`package` is not a list of tables")
    for entry in found:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise LockError(file, "a package without a name")
        yield entry


def requirements(texts: Sequence[str]) -> tuple[Requirement, ...]:
    """Requirement lines as values; what is none is left out, as its tool wrote it for itself."""
    found = []
    for text in texts:
        try:
            found.append(Requirement(text))
        except InvalidRequirement:
            continue
    return tuple(found)


def hashes_of(files: object) -> tuple[str, ...]:
    """The `hash` of each of a list of tables, sorted."""
    listed = files if isinstance(files, list) else []
    return tuple(sorted({str(file["hash"]) for file in listed if isinstance(file, dict) and file.get("hash")}))
