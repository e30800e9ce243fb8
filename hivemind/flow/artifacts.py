"""What builds keep on this machine: the artifact store and its logs."""

from __future__ import annotations

from pathlib import Path

from hivemind.builds import keeping
from hivemind.builds.keeping import Kept
from hivemind.machine.home import home

__all__ = ["Kept", "build_logs", "kept", "kept_limit", "prune", "store"]


def store() -> Path:
    """The folder of the artifact store."""
    return home() / "artifacts"


def kept() -> list[Kept]:
    """Everything in the store, least recently used first."""
    return keeping.contents(store())


def kept_limit() -> int:
    """Bytes that the store may hold."""
    return keeping.limit()


def prune(most: int) -> list[Kept]:
    """Deletes the least recently used entries until at most so many bytes are left. Returns what was deleted.

    What a build used within the last hour stays.
    """
    return keeping.bound(store(), most)


def build_logs(service: str | None) -> list[Path]:
    """The logs that builds left, of all services or of one, the most recent last."""
    found = sorted((store() / "logs").glob("*.log"), key=lambda file: file.stat().st_mtime)
    return [file for file in found if service is None or file.name.split(".")[0] == service]
