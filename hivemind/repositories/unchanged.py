"""Whether a work tree is as it was: by size and times of every file, as git does, without reading any."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hivemind.values.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from hivemind.repositories.repository import Repository

MOST_FILES = 5_000
"""Files of a repository that are compared; looking at more of them is what would take the time."""
_TICK = 0.05
_COARSE_TICK = 2.0
"""Seconds in which two changes may bear the same time: on file systems with fine times, and on others."""


def state(repository: Repository) -> str | None:
    """Digest of every file's path, mode, size, and times of change.

    None for a repository that is too large to tell, or that has just changed and may do so again unseen.
    """
    if repository.truncated or len(repository.files) > MOST_FILES:
        return None
    whole, newest = hashlib.sha256(), 0
    try:
        for file in repository.files:
            found = (repository.root / file).stat()
            times = f"{found.st_mtime_ns} {found.st_ctime_ns}"
            whole.update(f"{file}\0{found.st_mode:o} {found.st_size} {times} {found.st_ino}\0".encode())
            newest = max(newest, found.st_mtime_ns, found.st_ctime_ns)
    except OSError:
        return None
    age = SYSTEM_CLOCK.now().timestamp() - newest / 1e9
    return None if 0 <= age < (_TICK if newest % 1_000_000_000 else _COARSE_TICK) else whole.hexdigest()
