"""Variables that a Django project's DATABASES takes the parts of its PostgreSQL's address from, whatever they are
called (Django, "Settings", DATABASES)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence

_PARTS = {"NAME": "$PGDATABASE", "USER": "$PGUSER", "PASSWORD": "$PGPASSWORD", "HOST": "$PGHOST", "PORT": "$PGPORT"}
_ENGINE = re.compile(r"[\"']ENGINE[\"']\s*:[^\n]{0,120}(?:postgresql|postgis|psycopg)")
_READ = re.compile(
    r"[\"'](NAME|USER|PASSWORD|HOST|PORT)[\"']\s*:\s*(?:int\(|str\()?"
    r"(?:os\.environ\.get\(|os\.getenv\(|os\.environ\[|environ\.get\(|getenv\(|env(?:\.str|\.int)?\(|config\()\s*"
    r"[\"']([A-Z][A-Z0-9_]{2,60})[\"']"
)
_LONGEST = 1500
"""Characters of one database's entry."""


def detect(folder: Folder, settings: Sequence[str]) -> list[Detection]:
    """`env` for each variable of the first entry of PostgreSQL. settings: files of the settings in use."""
    for file in settings:
        text = folder.text(file) or ""
        engine = _ENGINE.search(text)
        if engine is None:
            continue
        found: dict[str, Detection] = {}
        for match in _READ.finditer(text, engine.start(), engine.start() + _LONGEST):
            part, name = match[1], match[2]
            line = text.count("\n", 0, match.start()) + 1
            said = folder.found(
                "env", f"{name}={_PARTS[part]}", file, line, precedence=Precedence.CODE, confidence=0.8,
                note=f"{part} of DATABASES", language="python",
            )  # fmt: skip
            found.setdefault(part, said)
        if "HOST" in found:
            return list(found.values())
    return []
