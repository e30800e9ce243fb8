"""pdm.lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hivemind.agents.compiler.python.locks.model import Lock, Package, entries, hashes_of, requirements, tables

FILE = "pdm.lock"


def read(text: str) -> Lock:
    """Raises LockError."""
    content = tables(FILE, text)
    together = content.get("metadata", {}).get("files", {})
    found = list(entries(FILE, content))
    extras: dict[tuple[str, str], dict[str, tuple[Requirement, ...]]] = defaultdict(dict)
    for entry in found:
        # A package with extras is an entry of its own beside the plain one.
        for extra in entry.get("extras", []):
            extras[_key(entry)][extra] = requirements(entry.get("dependencies", []))
    plain = [entry for entry in found if not entry.get("extras")]
    return Lock(FILE, tuple(_package(entry, extras[_key(entry)], together) for entry in plain))


def _key(entry: Mapping[str, Any]) -> tuple[str, str]:
    return canonicalize_name(entry["name"]), str(entry.get("version", ""))


def _package(
    entry: Mapping[str, Any], extras: Mapping[str, tuple[Requirement, ...]], together: Mapping[str, Any]
) -> Package:
    name, version = _key(entry)
    groups = entry.get("groups")
    return Package(
        name=name,
        version=version,
        hashes=hashes_of(entry.get("files") or together.get(f"{entry['name']} {version}")),
        dependencies=requirements([str(each) for each in entry.get("dependencies", [])]),
        extras=extras,
        direct=f"git+{entry['git']}@{entry.get('revision') or entry.get('ref')}"
        if "git" in entry
        else entry.get("url"),
        folder=str(entry["path"]) if "path" in entry else None,
        marker=entry.get("marker"),
        requires_python=entry.get("requires_python"),
        groups=frozenset(groups) if isinstance(groups, list) else None,
    )
