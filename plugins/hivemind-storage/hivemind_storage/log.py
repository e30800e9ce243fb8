"""A log of finished and failed steps, for whoever collects such files."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hivemind import Event, EventKind

VARIABLE = "HIVEMIND_STORAGE_LOG"
WORTH_KEEPING = (EventKind.FINISHED, EventKind.FAILED)


def append(event: Event) -> None:
    """Appends the event to the file that the environment names, if it names one."""
    path = os.environ.get(VARIABLE)
    if path and event.kind in WORTH_KEEPING:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event.as_json()) + "\n")
