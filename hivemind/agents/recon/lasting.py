"""Folders of an image that outlive its containers: its volumes, and those that a compose file gives it by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind.agents.recon.containers import ImageStage
from hivemind.agents.recon.folder import Folder

PATH = re.compile(r"/[\w.-]{1,60}(?:/[\w.-]{1,60}){0,6}/?")
_OF_THE_SYSTEM = ("/tmp", "/proc", "/dev", "/run", "/etc", "/usr")  # noqa: S108
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_MOUNTED = re.compile(
    r"^\s*-\s*[\"']?[A-Za-z0-9][\w.-]{0,60}:(/[\w./-]{1,200})(?::\w{1,10})?[\"']?\s*(?:#.*)?$", re.MULTILINE
)
"""A volume with a name at a path ("Compose file reference", services, volumes): one of the repository's own folders
begins with a dot or a slash, and is code."""
_LARGEST = 100_000


@dataclass(frozen=True)
class Kept:
    """path: in the image, without a slash at its end. file: that says so, in the folder, and its line (1-based)."""

    path: str
    file: str
    line: int


def of_image(stage: ImageStage, file: str) -> Iterator[Kept]:
    """The volumes of a stage (Docker's "Dockerfile reference", VOLUME) whose Dockerfile is `file`."""
    said = stage.said.get("VOLUME")
    if said is None:
        return
    try:
        words = json.loads(said.text) if said.text.startswith("[") else said.text.split()
    except (ValueError, RecursionError):
        return
    for word in words if isinstance(words, list) else ():
        if isinstance(word, str) and PATH.fullmatch(word) and not word.startswith(_OF_THE_SYSTEM):
            yield Kept(word.rstrip("/"), file, said.line)


def folders(folder: Folder, stage: ImageStage, file: str) -> tuple[Kept, ...]:
    """Those of a stage whose Dockerfile is `file`, and of the compose file beside it, each path once."""
    found = {kept.path: kept for kept in of_image(stage, file)}
    name = folder.first(*_COMPOSE)
    text = (folder.text(name, limit=_LARGEST) if name else None) or ""
    for match in _MOUNTED.finditer(text):
        path = match[1].rstrip("/")
        if name and PATH.fullmatch(path) and not path.startswith(_OF_THE_SYSTEM):
            found.setdefault(path, Kept(path, name, text.count("\n", 0, match.start(1)) + 1))
    return tuple(found.values())
