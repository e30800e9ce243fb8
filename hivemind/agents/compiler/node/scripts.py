"""Scripts of a project that a package manager runs while it installs, such as `postinstall` and `prepare`."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.text.file_formats import json_object

if TYPE_CHECKING:
    from hivemind.builds.work import Work

FIRST = "preinstall"
AFTER = ("install", "postinstall", "preprepare", "prepare", "postprepare")
"""In the order in which npm runs them once everything is installed (npm's documentation, "Scripts")."""
_GENERATED = {"@prisma/client": "prisma"}
"""Packages whose content another one makes while it is installed."""


def own(package: Mapping[str, object]) -> tuple[str, ...]:
    """The scripts of a manifest that run on installing."""
    scripts = package.get("scripts")
    return tuple(name for name in (FIRST, *AFTER) if isinstance(scripts, Mapping) and name in scripts)


def needs_development(package: Mapping[str, object]) -> bool:
    """Whether installing takes development dependencies although nothing is built."""
    held = package.get("devDependencies")
    return bool(own(package)) or any(
        isinstance(package.get("dependencies"), Mapping) and name in _mapping(package.get("dependencies"))
        for name, maker in _GENERATED.items()
        if maker in _mapping(held)
    )


@contextlib.contextmanager
def set_aside(work: Work) -> Iterator[None]:
    """Takes these scripts out of the manifests of the project for a while; those of its dependencies run as ever."""
    kept: dict[Path, bytes] = {}
    around = work.sources.workspace
    for folder in (".", *(around.members if around and around.kind == "node" else ())):
        file = work.root / folder / "package.json"
        content = _read(file)
        if own(content):
            kept[file] = file.read_bytes()
            content["scripts"] = {name: line for name, line in content["scripts"].items() if name not in own(content)}
            file.write_text(json.dumps(content, indent=2), encoding="utf-8")
    try:
        yield
    finally:
        for file, before in kept.items():
            file.write_bytes(before)


def run(work: Work, folder: Path, env: Mapping[str, str]) -> bool:
    """Runs the scripts of one manifest that come after installing; whether they wrote into `node_modules`.

    Raises StageError(BUILD).
    """
    names = [name for name in own(_read(folder / "package.json")) if name != FIRST]
    if not names:
        return False
    mark = work.scratch / "before-scripts"
    mark.touch()
    for name in names:
        work.programs.run(["npm", "run", "--silent", name], cwd=folder, env=env, shown=f"npm run {name}")
    began = mark.stat().st_mtime_ns
    modules = (folder / "node_modules").rglob("*")
    return any(path.lstat().st_mtime_ns >= began for path in modules if not path.is_dir())


def _read(file: Path) -> dict[str, Any]:
    try:
        return json_object(file.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError:
        return {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
