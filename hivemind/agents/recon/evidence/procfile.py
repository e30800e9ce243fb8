"""Procfile: what a repository itself says for production."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.detection import Detection, Precedence

_PROCESS = re.compile(r"^([\w-]+)\s*:\s*(.+?)\s*$")
_PROGRAMS = {
    "python": r"(?:^|[\s/])(python3?|gunicorn|uvicorn|hypercorn|daphne|waitress-serve|flask|celery|uwsgi|granian|"
    r"streamlit)\b",
    "node": r"(?:^|[\s/])(node|npm|npx|yarn|pnpm|next|nest|ts-node|tsx|bun|pm2)\b",
}


def detect(folder: Folder) -> list[Detection]:
    """Start and release commands, the language they speak, and whether the application is a worker."""
    file = folder.first("Procfile")
    if file is None:
        return []
    processes: dict[str, tuple[str, int]] = {}
    for number, line in enumerate((folder.text(file) or "").splitlines(), 1):
        match = _PROCESS.match(line)
        if match and not line.lstrip().startswith("#"):
            processes.setdefault(match[1], (match[2], number))
    found = []
    for process, field in (("web", "start"), ("release", "release")):
        if process in processes:
            command, line_number = processes[process]
            found.append(_declared(folder, field, command, file, line_number))
    if "web" in processes:
        command, number = processes["web"]
        found += _port(folder, command, file, number)
        found.append(_declared(folder, "kind", "web", file, number))
        if language := language_of(command):
            found.append(_declared(folder, "language", language, file, number))
    elif processes:
        name = "worker" if "worker" in processes else min(processes)
        if name != "release":
            command, number = processes[name]
            found += [
                _declared(folder, "start", command, file, number),
                _declared(folder, "kind", "worker", file, number),
            ]
    return found


def language_of(command: str) -> str | None:
    """The language whose program a command starts."""
    return next((language for language, pattern in _PROGRAMS.items() if re.search(pattern, command)), None)


def _port(folder: Folder, command: str, file: str, line: int) -> list[Detection]:
    match = re.search(r"(?:--port[= ]|-p |:)(\d{2,5})\b", command)
    if match and "$PORT" not in command and "${PORT" not in command:
        return [_declared(folder, "port", int(match[1]), file, line)]
    return []


def _declared(folder: Folder, field: str, value: str | int, file: str, line: int) -> Detection:
    return folder.found(field, value, file, line, precedence=Precedence.DECLARED_FOR_PRODUCTION)
