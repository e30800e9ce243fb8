"""Recon: what an application is, read out of its repository without running it.

A language is one module (or folder) with `detect(folder) -> list[Detection]`; `LANGUAGES` and `EVIDENCE` list
them. Nothing hangs on their order: `hivemind.detection` says which detection wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from hivemind.detection import Detection
    from hivemind.repository import Repository

hookimpl = pluggy.HookimplMarker("hivemind")

LANGUAGES = ("python", "node", "static")
EVIDENCE = ("procfile", "dockerfile", "compose")


@hookimpl
def hivemind_detect(repository: Repository, path: str) -> tuple[Detection, ...]:
    """Detections of all built-in languages and of the evidence that holds for any."""
    from importlib import import_module

    from hivemind.agents.recon.folder import Folder

    folder = Folder.of(repository, path)
    found: list[Detection] = []
    for name in (*LANGUAGES, *EVIDENCE):
        found += import_module(f"{__name__}.{name}").detect(folder)
    return tuple(found)
