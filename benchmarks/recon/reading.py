"""Recon's answer on a folder, as one flat object."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hivemind.detections.detection import Detection

_DATABASES = ("postgres", "mysql", "mongodb")


def predict(folder: Path) -> dict[str, Any]:
    """What `hivemind recon FOLDER --json` prints, and the words of the corpus beside it. Built-in languages only."""
    from hivemind.agents.recon import hivemind_detect
    from hivemind.detections.answer import answer
    from hivemind.detections.services import applications, meant
    from hivemind.repositories.repository import read

    repository = read(folder)

    def detect(path: str) -> Sequence[Detection]:
        return hivemind_detect(repository, path)

    root = answer(detect("."))
    found = (root if "language" in root.one else meant(root, applications(repository, detect))[1]).as_json()
    needs = found["needs"]
    return {
        **found,
        "app_kind": found["kind"],
        "is_web_service": found["kind"] in {"web", "static"},
        "needs_database": next((need for need in _DATABASES if need in needs), None),
        "needs_redis": "redis" in needs,
    }
