"""package.json, as far as it is what it should be."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.agents.recon.folder import Folder

FILE = "package.json"
LOCKS = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "pnpm": ("pnpm-lock.yaml",),
    "yarn": ("yarn.lock",),
    "bun": ("bun.lock", "bun.lockb"),
}


@dataclass(frozen=True)
class Package:
    """scripts, dependencies, development: name -> text. content: the whole."""

    content: Mapping[str, Any]
    scripts: Mapping[str, str]
    dependencies: Mapping[str, str]
    development: Mapping[str, str]

    def text(self, key: str) -> str | None:
        value = self.content.get(key)
        return value if isinstance(value, str) else None


def read(folder: Folder) -> Package | None:
    """The package in `folder`; None where there is none or it is no JSON object."""
    try:
        content = json.loads(folder.text(FILE) or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    return Package(content, *(_texts(content.get(key)) for key in ("scripts", "dependencies", "devDependencies")))


def manager(folder: Folder, package: Package) -> tuple[str, str, int | None]:
    """The package manager, with the file and line that say so: a named one, else that of the lock file, else npm."""
    named = re.match(r"(npm|pnpm|yarn|bun)@", package.text("packageManager") or "")
    if named:
        return named[1], FILE, folder.line(FILE, r"\"packageManager\"")
    for name, locks in LOCKS.items():
        if lock := folder.first(*locks):
            return name, lock, None
    return "npm", FILE, None


def line_of(folder: Folder, key: str) -> int | None:
    """The line of a key of package.json, the last one that fits (scripts come after the name)."""
    return folder.line(FILE, rf"^\s*\"{re.escape(key)}\"\s*:")


def _texts(table: object) -> Mapping[str, str]:
    if not isinstance(table, dict):
        return {}
    return {name: value for name, value in table.items() if isinstance(value, str)}
