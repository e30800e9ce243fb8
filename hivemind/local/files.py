"""Small files of the local cloud: written atomically, readable by their owner alone."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PORT = "port.json"
"""File in the data directory with the port of the API."""
RECORD = "daemon.json"
"""What the daemon writes down for those who look for it."""


def write_json(path: Path, value: Any) -> None:
    """Replaces a file by `value` as JSON, mode 0600; a reader sees the old content or the new."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True))


def write_text(path: Path, text: str) -> None:
    """Replaces a file by a text, mode 0600; a reader sees the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own for each writer: threads of one process write the same file at once.
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def read_json(path: Path, default: Any) -> Any:
    """The content of a JSON file; `default` when it is absent or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return default


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on a file of its own for a `with` block; the lock ends with the process."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
