"""Dockerfile: what a container would be told, as evidence."""

from __future__ import annotations

import io
import json
import re
import shlex
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.programs import language_of, language_of_image
from hivemind.agents.recon.weights import IMAGE
from hivemind.detection import Detection, Precedence

FILES = (
    "Dockerfile", "Containerfile", "Dockerfile.prod", "Dockerfile.production", "docker/Dockerfile",
    "docker/Dockerfile.prod",
    "docker/production/Dockerfile", "docker/prod/Dockerfile", ".docker/Dockerfile", "deploy/Dockerfile",
    "build/Dockerfile",
    "scripts/Dockerfile", "docker/default.Dockerfile",
)  # fmt: skip
DEVELOPMENT = re.compile(
    r"runserver|nodemon|--reload|--debug|\bdev\b|flask run|livereload|start:dev|--hot\b|mix phx\.server"
)
_OF_THE_CONTAINER = re.compile(r"(^|[\s=\"'])/(?!dev/)[\w.]|\.sh\b|entrypoint|supervisord|dumb-init|tini\b")
_LARGEST = 100_000


@dataclass(frozen=True)
class _Said:
    """The last one of an instruction in the last stage. line: 1-based."""

    text: str
    line: int


def detect(folder: Folder) -> list[Detection]:
    """Of the last stage: port, health path, base image, and the command where it would run outside the container."""
    file = folder.first(*FILES)
    last = _last_stage(folder.text(file, limit=_LARGEST) or "") if file else {}
    if not file or not last:
        return []
    found = _image(folder, file, last.get("FROM"))
    exposed = last.get("EXPOSE")
    if exposed and (match := re.search(r"(?:^|\s|=)(\d{2,5})(?:/tcp)?\b", exposed.text)) and int(match[1]) <= 65535:
        found.append(_said(folder, "port", int(match[1]), file, exposed.line))
        found.append(_said(folder, "kind", "web", file, exposed.line, sure=0.7))
    if (health := last.get("HEALTHCHECK")) and (path := re.search(r"https?://[^/\s\"']+(/[\w./-]*)", health.text)):
        found.append(_said(folder, "health_path", path[1], file, health.line))
    command = _start(last)
    if command and not DEVELOPMENT.search(command.text) and not _OF_THE_CONTAINER.search(command.text):
        language = language_of(command.text)
        if language:
            found.append(_said(folder, "start", command.text, file, command.line, language=language))
    return found


def _last_stage(text: str) -> dict[str, _Said]:
    """Instruction -> what it said last, from the last FROM on."""
    from dockerfile_parse import DockerfileParser

    try:
        structure = DockerfileParser(fileobj=io.BytesIO(text.encode()), env_replace=False).structure
    except (ValueError, KeyError, IndexError, AttributeError, RecursionError):
        return {}
    last: dict[str, _Said] = {}
    for each in structure:
        if each["instruction"] == "FROM":
            last = {}
        last[each["instruction"]] = _Said(str(each["value"]), int(each["startline"]) + 1)
    return last if "FROM" in last else {}


def _image(folder: Folder, file: str, image: _Said | None) -> list[Detection]:
    known = language_of_image(image.text.split()[0]) if image and image.text.split() else None
    if image is None or known is None:
        return []
    language, version = known
    found = [_said(folder, "language", language, file, image.line, language=language, sure=IMAGE)]
    if version:
        found.append(_said(folder, "runtime_version", version, file, image.line, language=language))
    return found


def _start(last: dict[str, _Said]) -> _Said | None:
    """CMD, or ENTRYPOINT where it is all there is or starts a program that CMD only gives arguments to."""
    command, entry = last.get("CMD"), last.get("ENTRYPOINT")
    if entry is None:
        return _Said(_command(command.text), command.line) if command else None
    words = [_command(entry.text), *([_command(command.text)] if command else [])]
    return _Said(" ".join(words), entry.line)


def _command(text: str) -> str:
    if text.startswith("["):
        try:
            words = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            if words[:2] in (["sh", "-c"], ["/bin/sh", "-c"], ["bash", "-c"], ["/bin/bash", "-c"]) and len(words) == 3:
                return str(words[2])
            return shlex.join(words)
    return " ".join(text.split())


def _said(
    folder: Folder,
    field: str,
    value: str | int,
    file: str,
    line: int,
    *,
    language: str | None = None,
    sure: float = 0.9,
) -> Detection:
    return folder.found(
        field, value, file, line, precedence=Precedence.CONTAINER, confidence=sure, note=None, language=language
    )
