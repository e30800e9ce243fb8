"""Dockerfile: what a container would be told, as evidence."""

from __future__ import annotations

import json
import re
import shlex

from hivemind.agents.recon.evidence.procfile import language_of
from hivemind.agents.recon.folder import Folder
from hivemind.detection import Detection, Precedence

_DEVELOPMENT = re.compile(r"runserver|nodemon|--reload|--debug|\bdev\b|flask run|livereload|start:dev")
_OF_THE_CONTAINER = re.compile(r"(^|[\s=\"'])/(?!dev/)[\w.]|\.sh\b|entrypoint|supervisord|dumb-init|tini\b")


def detect(folder: Folder) -> list[Detection]:
    """The port of the last stage's EXPOSE, and its CMD where that would run outside the container too."""
    file = folder.first("Dockerfile")
    if file is None:
        return []
    exposed: tuple[str, int] | None = None
    command: tuple[str, int] | None = None
    entry = False
    for number, (instruction, rest) in _instructions(folder.text(file) or ""):
        if instruction == "FROM":
            exposed = command = None
            entry = False
        elif instruction == "EXPOSE":
            exposed = (rest, number)
        elif instruction == "CMD":
            command = (_command(rest), number)
        elif instruction == "ENTRYPOINT":
            entry = True
    found = []
    if exposed and (match := re.match(r"(\d{2,5})", exposed[0])) and int(match[1]) <= 65535:
        found.append(_said(folder, "port", int(match[1]), file, exposed[1]))
    if command and not entry and not _DEVELOPMENT.search(command[0]) and not _OF_THE_CONTAINER.search(command[0]):
        language = language_of(command[0])
        if language:
            found.append(_said(folder, "start", command[0], file, command[1], language=language))
    return found


def _instructions(text: str) -> list[tuple[int, tuple[str, str]]]:
    found = []
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("#") or (not line and not pending):
            continue
        first = first if pending else number
        pending += line.removesuffix("\\").rstrip() + " "
        if line.endswith("\\"):
            continue
        if match := re.match(r"([A-Za-z]+)\s+(.*)", pending.strip()):
            found.append((first, (match[1].upper(), match[2])))
        pending = ""
    return found


def _command(text: str) -> str:
    if text.startswith("["):
        try:
            words = json.loads(text)
        except ValueError:
            return text
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            if words[:2] in (["sh", "-c"], ["/bin/sh", "-c"], ["bash", "-c"], ["/bin/bash", "-c"]) and len(words) == 3:
                return str(words[2])
            return shlex.join(words)
    return text


def _said(
    folder: Folder, field: str, value: str | int, file: str, line: int, *, language: str | None = None
) -> Detection:
    return folder.found(
        field, value, file, line, precedence=Precedence.CONTAINER, confidence=0.9, note=None, language=language
    )
