"""composer.json."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder

FILE = "composer.json"


def line_of(folder: Folder, package: str) -> int | None:
    """The line of a requirement."""
    return folder.line(FILE, rf"^\s*\"{re.escape(package)}\"\s*:")
