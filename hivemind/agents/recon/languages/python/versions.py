"""Which Python an application asks for."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.reading import pinned
from hivemind.detections.detection import Detection
from hivemind.text.file_formats import table

_VERSION = re.compile(r"(?:python[-@ ]?)?(\d+\.\d+)(?:\.\d+)?(?:[-\w]*)?$", re.IGNORECASE)


def detect(folder: Folder) -> list[Detection]:
    """`runtime_version` as `3.12`, or as a range (`>=3.10`) where the manifest names one."""
    found = []
    hit = pinned(folder, "python", files=(".python-version", "runtime.txt"))
    if hit and (match := _VERSION.match(hit.value)):
        found.append(folder.found("runtime_version", match[1], hit.file, hit.line, language="python"))
    for wanted, pattern in _ranges(folder):
        clean = _as_specifier(wanted)
        if clean:
            file = "Pipfile" if pattern == "python_version" else "pyproject.toml"
            where = folder.line(file, rf"^\s*{pattern}\s*=")
            found.append(folder.found("runtime_version", clean, file, where, confidence=0.8, language="python"))
    return found


def _ranges(folder: Folder) -> list[tuple[str, str]]:
    pyproject = folder.toml("pyproject.toml")
    poetry = table(pyproject, "tool", "poetry", "dependencies")
    pipenv = table(folder.toml("Pipfile"), "requires")
    pairs = [
        (table(pyproject, "project").get("requires-python"), "requires-python"),
        (poetry.get("python"), "python"),
        (pipenv.get("python_version"), "python_version"),
    ]
    return [(wanted, pattern) for wanted, pattern in pairs if isinstance(wanted, str)]


def _as_specifier(wanted: str) -> str | None:
    """`^3.11` -> `>=3.11,<4`; `3.12.*` and `~3.12` -> `3.12`; other specifiers as they are."""
    text = wanted.replace(" ", "")
    if match := re.fullmatch(r"\^(\d+)(\.\d+)?(\.\d+)?", text):
        return f">={match[1]}{match[2] or ''},<{int(match[1]) + 1}"
    if match := re.fullmatch(r"(?:~|==)?(\d+\.\d+)(?:\.[\d*]+)?", text):
        return match[1]
    return text if re.fullmatch(r"[<>=!~\d.*,]+", text) else None
