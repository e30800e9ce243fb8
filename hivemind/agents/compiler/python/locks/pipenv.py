"""Pipfile.lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from hivemind.agents.compiler.python.locks.model import Lock, LockError, Package

FILE = "Pipfile.lock"


def read(text: str) -> Lock:
    """Raises LockError."""
    try:
        content = json.loads(text)
        packages = tuple(
            _package(name, entry, section)
            for section, listed in sorted(content.items())
            if section != "_meta"
            for name, entry in sorted(listed.items())
        )
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise LockError(FILE, f"cannot read it: {error}") from error
    return Lock(FILE, packages, flat=True)


def _package(name: str, entry: Mapping[str, Any], section: str) -> Package:
    direct = f"git+{entry['git']}@{entry.get('ref')}" if "git" in entry else entry.get("file")
    return Package(
        name=canonicalize_name(name),
        version=str(entry.get("version", "")).removeprefix("=="),
        hashes=tuple(sorted(entry.get("hashes", ()))),
        direct=direct if direct is None or "://" in direct else None,
        folder=entry.get("path"),
        marker=entry.get("markers"),
        groups=frozenset({section}),
    )
