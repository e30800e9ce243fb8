"""Compose files: services and databases side by side, as evidence for what an application needs."""

from __future__ import annotations

import re
from typing import Any

from hivemind.agents.recon.folder import Folder
from hivemind.detection import Detection, Precedence

FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_IMAGES = {
    "postgres": r"(^|/)(postgres|postgis|timescaledb|pgvector)([:/-]|$)",
    "mysql": r"(^|/)(mysql|mariadb)([:/-]|$)",
    "redis": r"(^|/)(redis|valkey|keydb)([:/-]|$)",
    "mongodb": r"(^|/)mongo([:/-]|$)",
}
_LARGEST = 200_000


def detect(folder: Folder) -> list[Detection]:
    """`need`s for databases that a service built from this folder depends on or is given the address of."""
    file = folder.first(*FILES)
    services = _services(folder, file) if file else {}
    built = [each for each in services.values() if _is_built_here(each)]
    found = []
    for name, service in services.items():
        need = next((need for need, image in _IMAGES.items() if re.search(image, str(service.get("image", "")))), None)
        if file and need and any(_uses(each, name) for each in built):
            line = folder.line(file, rf"image:\s*[\"']?{re.escape(str(service['image']))}")
            found.append(folder.found("need", need, file, line, precedence=Precedence.CONTAINER, confidence=0.9))
    return found


def _services(folder: Folder, file: str) -> dict[str, dict[str, Any]]:
    import yaml

    text = folder.text(file, limit=_LARGEST)
    # an alias bomb is a few lines that grow without end: real files have a handful of aliases
    if text is None or len(re.findall(r"(?m)[\s\[,]\*\w", text)) > 200:
        return {}
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    services = content.get("services") if isinstance(content, dict) else None
    if not isinstance(services, dict):
        return {}
    return {str(name): service for name, service in services.items() if isinstance(service, dict)}


def _is_built_here(service: dict[str, Any]) -> bool:
    build = service.get("build")
    context = build.get("context", ".") if isinstance(build, dict) else build
    return isinstance(context, str) and context.rstrip("/") in {".", "./", ""}


def _uses(service: dict[str, Any], other: str) -> bool:
    named = service.get("depends_on")
    links = service.get("links")
    environment = service.get("environment")
    values = environment.values() if isinstance(environment, dict) else environment or ()
    pattern = rf"(^|[/@=]){re.escape(other)}(:|/|$)"
    return (
        (isinstance(named, dict | list) and other in named)
        or (isinstance(links, list) and any(str(link).split(":")[0] == other for link in links))
        or any(re.search(pattern, str(value)) for value in values)
    )
