"""What is given to a program that a build makes, by the image that is made of it."""

from __future__ import annotations

from hivemind.agents.recon import containers, entrypoints
from hivemind.agents.recon.evidence import dockerfile
from hivemind.agents.recon.folder import Folder

_LARGEST = 100_000


def arguments(folder: Folder) -> str:
    """The arguments with a blank before them, ` serve`; empty where the Dockerfile gives none (Dockerfile reference,
    "Understand how CMD and ENTRYPOINT interact")."""
    file = dockerfile.find(folder)
    stages = containers.read(folder.text(file, limit=_LARGEST) or "") if file else ()
    stage = containers.shipped(stages)
    given = entrypoints.arguments(folder, stage, stages) if stage else None
    return f" {given}" if given else ""
