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
    "bun": ("bun.lock", "bun.lockb"),
    "pnpm": ("pnpm-lock.yaml",),
    "yarn": ("yarn.lock",),
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
}
"""npm's last: where two are there, the other was chosen and npm's was left behind."""
_MARKS = {"pnpm": ("pnpm-workspace.yaml", ".pnpmfile.cjs"), "yarn": (".yarnrc.yml", ".yarnrc"), "bun": ("bunfig.toml",)}


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
        content = json.loads(folder.whole(FILE) or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    return Package(content, *(_texts(content.get(key)) for key in ("scripts", "dependencies", "devDependencies")))


def manager(folder: Folder, package: Package) -> tuple[str, str, int | None]:
    """The package manager, with the file and line that say so: a named one, else that of the lock file (in a
    workspace that of the root), else one whose settings are there or that scripts call, else npm."""
    named = re.match(r"(npm|pnpm|yarn|bun)@", package.text("packageManager") or "")
    if named:
        return named[1], FILE, folder.line(FILE, r"\"packageManager\"")
    for where in (LOCKS, _MARKS):
        for name, files in where.items():
            if file := folder.first(*files):
                return name, file, None
    engines = package.content.get("engines")
    for name in ("bun", "pnpm", "yarn"):
        if isinstance(engines, dict) and name in engines and "npm" not in engines:
            return name, FILE, line_of(folder, name)
    return _of_workspace(folder) or ("npm", FILE, None)


def _of_workspace(folder: Folder) -> tuple[str, str, int | None] | None:
    parts = folder.path.split("/") if folder.path not in {".", ""} else []
    for depth in range(len(parts) - 1, -1, -1):
        above = "/".join(parts[:depth])
        for name, files in LOCKS.items():
            for file in files:
                path = f"{above}/{file}" if above else file
                if folder.repository.has(path):
                    return name, path, None
    return None


def line_of(folder: Folder, key: str) -> int | None:
    """The line of a key of package.json, the last one that fits (scripts come after the name)."""
    plain = rf"\"{re.escape(key)}\"\s*:"
    return folder.line(FILE, rf"^\s*{plain}") or folder.line(FILE, plain)


def _texts(table: object) -> Mapping[str, str]:
    if not isinstance(table, dict):
        return {}
    return {name: value for name, value in table.items() if isinstance(value, str)}
