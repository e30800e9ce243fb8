"""What Recon found in a folder that has not changed since, so that it need not look again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.detections.detection import Detection
from hivemind.machine import memory
from hivemind.repositories import unchanged
from hivemind.text.codec import DecodeError, decode, encode

if TYPE_CHECKING:
    from hivemind.repositories.repository import Repository


def state(repository: Repository, path: str) -> str | None:
    """Digest of what can make Recon say something else of a folder; None where that can't be told."""
    whole = unchanged.state(repository)
    return whole and hashlib.sha256(f"{path}\0{whole}".encode()).hexdigest()


def remembered() -> memory.Memory:
    """The memory of Recon as it is now; a change of its code remembers nothing."""
    return memory.of("recon", package=Path(__file__).parent, needs=())


def recall(known: memory.Memory, content: str) -> tuple[Detection, ...] | None:
    """What was found; None where nothing is remembered, or not readably."""
    text = known.recall(content)
    if text is None:
        return None
    try:
        return tuple(decode(Detection, item) for item in json.loads(text))
    except (ValueError, DecodeError):
        return None


def keep(known: memory.Memory, content: str, found: tuple[Detection, ...]) -> None:
    known.keep(content, json.dumps(encode(found)))
