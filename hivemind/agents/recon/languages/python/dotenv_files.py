"""Files of settings that Starlette's `Config` opens when the application starts, and that a repository leaves out: it
raises FileNotFoundError where there is none (Starlette, "Configuration"; older versions warn). What is in the
environment counts before the file, so that an empty one is as good."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence
from hivemind.repositories.python_paths import called

_WORTH = re.compile(r"^\s*from\s+starlette\.config\s+import\s[^\n]*\bConfig\b", re.MULTILINE)
_NAME = re.compile(r"(?:[\w-]+/){0,6}\.env(?:\.[\w-]+)?")
_MOST, _LARGEST = 200, 200_000


def detect(folder: Folder) -> list[Detection]:
    """`build` with the first such file that is missing, made empty."""
    for file in folder.sources(".py", most=_MOST):
        text = folder.text(file, limit=_LARGEST) or ""
        if not _WORTH.search(text):
            continue
        for path, line in called(text, file, "Config"):
            if _NAME.fullmatch(path) and not folder.has(path):
                return [
                    folder.found(
                        "build", f"touch {path}", file, line, precedence=Precedence.CODE, confidence=0.7,
                        note="an empty file that Config opens", language="python",
                    )
                ]  # fmt: skip
    return []
