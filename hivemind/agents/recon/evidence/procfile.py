"""Procfile: what a repository itself says for production."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.programs import language_of
from hivemind.detections.detection import Detection, Precedence

_PROCESS = re.compile(r"^([\w-]+)\s*:\s*(.+?)\s*$")
_UWSGI = re.compile(r"(?:exec\s+|newrelic-admin\s+run-program\s+)?(?:\S*/)?uwsgi(?:\s|$)")
"""uWSGI embeds the Python that it is compiled with ("Python support"), and its ini files bind a socket of their own
("Configuration"): shown, and a server of Python's own is run instead."""
_NO_UWSGI = "uWSGI, which instances do not have,"
_LONGEST = 4000
_SCHEDULERS = re.compile(r"^(clock|cron|scheduler|beat)")


def detect(folder: Folder) -> list[Detection]:
    """Start and release commands, workers, the language they speak, and whether the application is a worker."""
    file = folder.first("Procfile")
    if file is None:
        return []
    processes: dict[str, tuple[str, int]] = {}
    for number, line in enumerate((folder.text(file) or "").splitlines(), 1):
        match = _PROCESS.match(line) if len(line) <= _LONGEST else None
        if match and not line.lstrip().startswith("#"):
            processes.setdefault(match[1], (match[2], number))
    found = []
    for process, field in (("web", "start"), ("release", "release")):
        if process in processes:
            command, line_number = processes[process]
            replaced = field == "start" and _UWSGI.match(command)
            found.append(
                _declared(
                    folder, field, command, file, line_number, sure=0.45, note="uWSGI, which instances do not have,"
                )
                if replaced
                else _declared(folder, field, command, file, line_number)
            )
    if "web" in processes:
        command, number = processes["web"]
        found += _port(folder, command, file, number)
        found.append(_declared(folder, "kind", "web", file, number))
        if language := language_of(command):
            found.append(_declared(folder, "language", language, file, number))
    elif name := _main(processes):
        command, number = processes.pop(name)
        found += [
            _declared(folder, "start", command, file, number),
            _declared(folder, "kind", "worker", file, number),
        ]
    for name, (command, number) in processes.items():
        if name not in {"web", "release"}:
            field = "scheduler" if _SCHEDULERS.match(name) else "worker"
            found.append(_declared(folder, field, command, file, number, note=f"process {name}"))
    return found


def _main(processes: dict[str, tuple[str, int]]) -> str | None:
    """The process that is the application where none is `web`: `worker`, or the only one. Of several others (a clock,
    queues, a watcher of styles) none is: they stand beside something that the file does not name."""
    others = [name for name in processes if name != "release"]
    return "worker" if "worker" in processes else others[0] if len(others) == 1 else None


def _port(folder: Folder, command: str, file: str, line: int) -> list[Detection]:
    if re.search(r"(^|[\s/])thrust\s", command):
        named = re.search(r"\bHTTP_PORT=(\d{2,5})\b", command)
        sure, note = Precedence.DECLARED_FOR_PRODUCTION, "Thruster's own"
        number = int(named[1]) if named else 80
        return [folder.found("port", number, file, line, precedence=sure, confidence=0.8, note=note)]
    match = re.search(r"(?:--port[= ]|-p |:)(\d{2,5})\b", command) or re.search(r"\$\{PORT:-(\d{2,5})\}", command)
    if match and "$PORT" not in command and ("${PORT" not in command or "{PORT:-" in command):
        return [_declared(folder, "port", int(match[1]), file, line)]
    if (
        match is None
        and re.search(r"(^|[\s/])gunicorn\s", command)
        and not re.search(r"--config|-c\s|-b\s|--bind", command)
    ):
        return [
            folder.found("port", 8000, file, line, precedence=Precedence.CONVENTION, confidence=0.7, note="gunicorn")
        ]
    return []


def _declared(
    folder: Folder, field: str, value: str | int, file: str, line: int, *, note: str | None = None, sure: float = 1.0
) -> Detection:
    return folder.found(
        field,
        value,
        file,
        line,
        precedence=Precedence.DECLARED_FOR_PRODUCTION,
        confidence=sure,
        note=note,
    )
