"""Shell scripts that start something, where nothing else does."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes
from hivemind.agents.recon.weights import HINT, SOURCES
from hivemind.detections.detection import Detection

_STARTS = ("start.sh", "run.sh", "entrypoint.sh", "serve.sh", "server.sh", "main.sh", "app.sh")
"""`start.sh` is what Railpack starts ("Shell Scripts"); the others count for less."""


def detect(folder: Folder) -> list[Detection]:
    """A script at the top that by its name starts the application."""
    file = folder.first(*_STARTS)
    if file is None:
        return []
    notes = Notes(folder, "shell")
    first = (folder.text(file, limit=200_000) or "").partition("\n")[0]
    shell = re.match(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?|/(?:usr/(?:local/)?)?bin/)(bash|sh|dash|zsh|ksh)\b", first)
    notes.speaks(file, SOURCES if file in {"start.sh", "run.sh"} else HINT)
    notes.usual("start", f"{shell[1] if shell else 'sh'} {file}", file, 1 if shell else None)
    notes.kind("web", (file, None), 0.5)
    return notes.found
