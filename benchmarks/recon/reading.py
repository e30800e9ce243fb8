"""Recon's answer on a folder, as one flat object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_DATABASES = ("postgres", "mysql", "mongodb")


def predict(folder: Path) -> dict[str, Any]:
    """What `hivemind recon FOLDER --json` prints, and the words of the corpus beside it. Built-in languages only."""
    from hivemind.agents.recon import hivemind_detect
    from hivemind.detections.answer import answer
    from hivemind.repositories.repository import read

    repository = read(folder)
    found = answer(hivemind_detect(repository, ".")).as_json()
    needs = found["needs"]
    return {
        **found,
        "app_kind": found["kind"],
        "is_web_service": found["kind"] in {"web", "static"},
        "needs_database": next((need for need in _DATABASES if need in needs), None),
        "needs_redis": "redis" in needs,
    }
