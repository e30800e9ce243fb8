"""Files of platforms that list an application beside its services: Platform.sh and Upsun, Cloud Foundry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.agents.recon.addons import need_of
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import for_production
from hivemind.agents.recon.programs import language_of
from hivemind.detections.detection import Detection

_APPLICATION, _SERVICES = ".platform.app.yaml", ".platform/services.yaml"
_UPSUN = ".upsun/config.yaml"
_FOUNDRY = ("manifest.yml", "manifest.yaml")
_OF_FOUNDRY = frozenset({"memory", "buildpack", "buildpacks", "command", "instances", "routes", "disk_quota", "stack",
                         "random-route", "services", "path", "no-route", "health-check-type"})  # fmt: skip
_LANGUAGES = {"python": "python", "nodejs": "node", "php": "php", "ruby": "ruby", "golang": "go", "java": "java",
              "elixir": "elixir", "dotnet": "dotnet", "rust": "rust"}  # fmt: skip


def detect(folder: Folder) -> list[Detection]:
    """What they say of the application in this folder (docs.platform.sh "App reference", docs.cloudfoundry.org "App
    manifest attribute reference")."""
    return [*_platform_sh(folder), *_upsun(folder), *_foundry(folder)]


def _platform_sh(folder: Folder) -> Iterator[Detection]:
    application = folder.yaml(_APPLICATION)
    if not application:
        return
    yield from _application(folder, _APPLICATION, application)
    for service in _dict(folder.yaml(_SERVICES)).values():
        if need := need_of(str(_dict(service).get("type", "")).partition(":")[0]):
            yield for_production(folder, "need", need, _SERVICES, "type", sure=0.9)


def _upsun(folder: Folder) -> Iterator[Detection]:
    content = folder.yaml(_UPSUN)
    applications = [_dict(each) for each in _dict(content.get("applications")).values()]
    roots = [each for each in applications if str(_dict(each.get("source")).get("root") or "/").strip("/.") == ""]
    if len(roots) == 1:
        yield from _application(folder, _UPSUN, roots[0])


def _application(folder: Folder, file: str, content: Mapping[str, Any]) -> Iterator[Detection]:
    name, _, version = str(content.get("type", "")).partition(":")
    language = _LANGUAGES.get(name)
    if language:
        yield for_production(folder, "language", language, file, "type", sure=0.9)
        if re.fullmatch(r"\d+(?:\.\d+)*", version):
            yield for_production(folder, "runtime_version", version, file, "type", sure=0.9)
    start = _dict(_dict(content.get("web")).get("commands")).get("start")
    if isinstance(start, str) and start.strip() and "\n" not in start.strip():
        yield for_production(folder, "start", start.strip(), file, "start", sure=0.9)
        yield for_production(folder, "kind", "web", file, "web", sure=0.9)
    for worker in _dict(content.get("workers")).values():
        command = _dict(_dict(worker).get("commands")).get("start")
        if isinstance(command, str) and "\n" not in command.strip():
            yield for_production(folder, "worker", command.strip(), file, "workers", sure=0.9)
    for relation in _dict(content.get("relationships")).values():
        endpoint = relation.rpartition(":")[2] if isinstance(relation, str) else _dict(relation).get("endpoint")
        if need := need_of(str(endpoint)):
            yield for_production(folder, "need", need, file, "relationships", sure=0.9)


def _foundry(folder: Folder) -> Iterator[Detection]:
    file = folder.first(*_FOUNDRY)
    listed = folder.yaml(file).get("applications") if file else None
    applications = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if file is None or len(applications) != 1 or not _OF_FOUNDRY & applications[0].keys():
        return
    application = applications[0]
    command = application.get("command")
    if isinstance(command, str) and command.strip() and "\n" not in command.strip():
        yield for_production(folder, "start", command.strip(), file, "command", sure=0.9)
        if language := language_of(command):
            yield for_production(folder, "language", language, file, "command", sure=0.9)
    health = application.get("health-check-http-endpoint")
    if isinstance(health, str) and health.startswith("/"):
        yield for_production(folder, "health_path", health, file, "health-check-http-endpoint", sure=0.9)
    if application.get("no-route") is True or application.get("health-check-type") == "process":
        yield for_production(folder, "kind", "worker", file, "no-route|health-check-type", sure=0.9)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
