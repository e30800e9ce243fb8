"""What Recon found in a folder that has not changed since, so that it need not look again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind import memory
from hivemind.codec import DecodeError, decode, encode
from hivemind.detection import Detection

if TYPE_CHECKING:
    from hivemind.repository import Repository

MOST_FILES = 5_000
"""Files of a repository whose state is compared; looking at more of them is what would take the time."""


def state(repository: Repository, path: str) -> str | None:
    """Digest of what can make Recon say something else: every file's path, size, and time of change.

    None for a repository that is too large to tell, or that changes meanwhile.
    """
    if repository.truncated or len(repository.files) > MOST_FILES:
        return None
    whole = hashlib.sha256(f"{path}\0".encode())
    try:
        for file in repository.files:
            found = (repository.root / file).stat()
            whole.update(f"{file}\0{found.st_size} {found.st_mtime_ns} {found.st_ino}\0".encode())
    except OSError:
        return None
    return whole.hexdigest()


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
