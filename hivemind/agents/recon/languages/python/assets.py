"""Pages of a Python application that npm builds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.detections.detection import Detection, Precedence

_RUN_BY_IMAGE = r"^\s*(?:RUN|&&)\s+(?:npx\s+|\S*node_modules/\.bin/)?gulp\s+(?P<task>[\w:-]+)"
_GULP = ("gulpfile.js", "gulpfile.cjs", "gulpfile.mjs", "Gulpfile.js", "gulpfile.babel.js")
_TASKS = ("build", "dist", "production")
"""What a gulpfile's task for production is called, where nothing says it."""


def detect(folder: Folder, found: Sequence[Detection]) -> list[Detection]:
    """A build command with npm's part first, where package.json has a build script, or a gulpfile a task, and something
    is served."""
    package = packages.read(folder)
    if package is None or not any(each.field == "start" for each in found):
        return []
    step = _script(folder, package) or _gulp(folder, package)
    if step is None:
        return []
    command, file, line, note = step
    install = "npm ci" if folder.first(*packages.LOCKS["npm"]) else "npm install"
    own = next((str(each.value) for each in found if each.field == "build"), None)
    whole = " && ".join([install, command, *([own] if own else [])])
    return [
        folder.found(
            "build", whole, file, line, precedence=Precedence.CODE, confidence=0.8, note=note, language="python"
        )
    ]


def _script(folder: Folder, package: packages.Package) -> tuple[str, str, int | None, str] | None:
    if "build" not in package.scripts:
        return None
    return "npm run build", packages.FILE, packages.line_of(folder, "build"), "scripts.build"


def _gulp(folder: Folder, package: packages.Package) -> tuple[str, str, int | None, str] | None:
    """The task of a gulpfile: the one that the Dockerfile runs, else one for production (gulp, "Creating tasks": a
    gulpfile exports its tasks)."""
    file = folder.first(*_GULP)
    if file is None or not {"gulp"} & {*package.dependencies, *package.development}:
        return None
    line = folder.line("Dockerfile", _RUN_BY_IMAGE)
    text = (folder.text("Dockerfile") or "").splitlines()
    if line and line <= len(text) and (said := re.search(_RUN_BY_IMAGE, text[line - 1])):
        return f"npx gulp {said['task']}", "Dockerfile", line, "a task of gulp"
    for task in _TASKS:
        if line := folder.line(
            file, rf"exports\.{task}\b|^\s*{task}\s*[,:]|task\(\s*[\"']{task}[\"']|export\b.*\b{task}\b"
        ):
            return f"npx gulp {task}", file, line, "a task of gulp"
    return None
