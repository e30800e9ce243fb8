"""poetry.lock, of Poetry 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hivemind.agents.compiler.python.locks.model import Lock, Package, entries, hashes_of, requirements, tables
from hivemind.agents.compiler.python.specifiers import specifier

FILE = "poetry.lock"


def read(text: str) -> Lock:
    """Raises LockError."""
    content = tables(FILE, text)
    # Before Poetry 1.3 the hashes of all packages stood together at the end.
    together = content.get("metadata", {}).get("files", {})
    extras = {name: requirements([str(each) for each in listed]) for name, listed in content.get("extras", {}).items()}
    packages = tuple(_package(each, together) for each in entries(FILE, content))
    return Lock(FILE, packages, extras=extras)


def _package(entry: Mapping[str, Any], together: Mapping[str, Any]) -> Package:
    source = entry.get("source", {})
    groups = entry.get("groups")
    return Package(
        name=canonicalize_name(entry["name"]),
        version=str(entry.get("version", "")),
        hashes=hashes_of(entry.get("files") or together.get(entry["name"])),
        dependencies=tuple(_dependencies(entry.get("dependencies", {}))),
        extras={
            name: requirements([_plain(str(each)) for each in listed])
            for name, listed in entry.get("extras", {}).items()
        },
        direct=_direct(source),
        folder=str(source["url"]) if source.get("type") == "directory" else None,
        marker=_marker(entry.get("markers")),
        requires_python=entry.get("python-versions"),
        groups=frozenset(groups) if isinstance(groups, list) else None,
    )


def _dependencies(table: Mapping[str, Any]) -> Iterator[Requirement]:
    for name, value in table.items():
        for each in value if isinstance(value, list) else [value]:
            said = each if isinstance(each, dict) else {"version": each}
            if said.get("optional"):
                continue
            extras = f"[{','.join(said['extras'])}]" if said.get("extras") else ""
            marker = f" ; {said['markers']}" if said.get("markers") else ""
            yield from requirements([f"{name}{extras}{specifier(str(said.get('version', '*')))}{marker}"])


def _marker(value: object) -> str | None:
    """A marker, or one a group: the production group's is meant."""
    if isinstance(value, dict):
        value = value.get("main")
    return value if isinstance(value, str) else None


def _plain(text: str) -> str:
    """`name (>=1.0)` as `name>=1.0`."""
    return text.replace("(", "").replace(")", "") if ";" not in text else text


def _direct(source: Mapping[str, Any]) -> str | None:
    if source.get("type") == "git":
        return f"git+{source['url']}@{source.get('resolved_reference') or source.get('reference')}"
    return str(source["url"]) if source.get("type") == "url" else None
