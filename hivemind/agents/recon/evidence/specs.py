"""Platform files that list several services: render.yaml, DigitalOcean's app spec, Kamal's deploy.yml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hivemind.agents.recon.addons import need_of
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import for_production
from hivemind.agents.recon.programs import language_of
from hivemind.detections.detection import Detection, Precedence

_RENDER = ("render.yaml", "render.yml")
_OCEAN = (".do/app.yaml", ".do/app.yml", ".do/deploy.template.yaml")
_LANGUAGES = {"python", "node", "ruby", "go", "rust", "elixir", "php", "static"}


def detect(folder: Folder) -> list[Detection]:
    """What they say of the service in this folder; a file at the repository's root speaks for its folders, too."""
    return [*_render(folder), *_ocean(folder), *_kamal(folder)]


def _render(folder: Folder) -> Iterator[Detection]:
    file = folder.first(*_RENDER)
    content = folder.yaml(file) if file else {}
    if file is None or not content:
        return
    services = [each for each in _list(content.get("services")) if isinstance(each, dict)]
    for service in services:
        kind = service.get("type")
        if kind in {"redis", "keyvalue"}:
            yield for_production(folder, "need", "redis", file, "type")
            continue
        if str(service.get("rootDir") or ".").strip("./"):
            continue
        if kind in {"worker", "cron"} and any(each.get("type") == "web" for each in services):
            field = "worker" if kind == "worker" else "scheduler"
            yield from _values(folder, file, service, {field: "startCommand"})
            continue
        later = sum(each.get("type") == kind for each in services[: services.index(service)])
        for said in _render_service(folder, file, service):  # of several, the first is the main one
            yield replace(said, confidence=round(said.confidence - min(later, 9) / 100, 2))
    if _list(content.get("databases")):
        yield for_production(folder, "need", "postgres", file, "databases")


def _render_service(folder: Folder, file: str, service: Mapping[str, Any]) -> Iterator[Detection]:
    runtime = service.get("runtime") or service.get("env")
    if runtime in _LANGUAGES:
        yield for_production(folder, "language", str(runtime), file, "runtime" if "runtime" in service else "env")
    kind = "static" if runtime == "static" else "worker" if service.get("type") in {"worker", "cron"} else "web"
    yield for_production(folder, "kind", kind, file, "type")
    fields = {"start": "startCommand", "release": "preDeployCommand", "build": "buildCommand",
              "health_path": "healthCheckPath", "static_dir": "staticPublishPath"}  # fmt: skip
    yield from _values(folder, file, service, fields)
    for variable in _list(service.get("envVars")):
        if isinstance(variable, dict) and isinstance(variable.get("key"), str):
            name = variable["key"]
            if variable.get("sync") is False or variable.get("generateValue") is True:
                yield for_production(folder, "env_required", name, file, re.escape(name), sure=0.9)


def _ocean(folder: Folder) -> Iterator[Detection]:
    file = folder.first(*_OCEAN)
    content = folder.yaml(file) if file else {}
    spec = content.get("spec") if isinstance(content.get("spec"), dict) else content
    if file is None or not spec:
        return
    for service in _list(spec.get("services")):
        if isinstance(service, dict) and not str(service.get("source_dir") or "").strip("./"):
            fields = {"start": "run_command", "build": "build_command", "port": "http_port"}
            yield from _values(folder, file, service, fields)
            health = service.get("health_check")
            yield from _values(folder, file, health if isinstance(health, dict) else {}, {"health_path": "http_path"})
            if service.get("run_command"):
                yield for_production(folder, "kind", "web", file, "services")
            else:  # its buildpacks then find out what runs, as Recon does, and serve pages as a service, too
                line = folder.line(file, r"services\s*:")
                yield folder.found("kind", "web", file, line, precedence=Precedence.CONVENTION, confidence=0.6)
    for site in _list(spec.get("static_sites")):
        if isinstance(site, dict) and not str(site.get("source_dir") or "").strip("./"):
            yield from _values(folder, file, site, {"build": "build_command", "static_dir": "output_dir"})
            yield for_production(folder, "kind", "static", file, "static_sites")
    for worker in _list(spec.get("workers")):
        yield from _values(folder, file, worker if isinstance(worker, dict) else {}, {"worker": "run_command"})
    for database in _list(spec.get("databases")):
        if isinstance(database, dict) and (need := need_of(str(database.get("engine", "pg")))):
            yield for_production(folder, "need", need, file, "databases")


def _kamal(folder: Folder) -> Iterator[Detection]:
    file = "config/deploy.yml"
    content = folder.yaml(file)
    if not isinstance(content.get("image"), str):
        return
    proxy = content.get("proxy")
    yield from _values(folder, file, proxy if isinstance(proxy, dict) else {}, {"port": "app_port"})
    environment = content.get("env")
    secrets = environment.get("secret") if isinstance(environment, dict) else None
    for name in _list(secrets):
        if isinstance(name, str) and re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
            yield for_production(folder, "env_required", name, file, name, sure=0.9)
    accessories = content.get("accessories")
    for accessory in list(accessories.values())[:50] if isinstance(accessories, dict) else ():
        image = str(accessory.get("image", "")) if isinstance(accessory, dict) else ""
        if need := need_of(image):
            yield for_production(folder, "need", need, file, "accessories")


def _values(folder: Folder, file: str, table: Mapping[str, Any], fields: Mapping[str, str]) -> Iterator[Detection]:
    for field, key in fields.items():
        value = table.get(key)
        if isinstance(value, str) and value.strip() and field != "port":
            yield for_production(folder, field, " ".join(value.split()), file, key)
            if field == "start" and (language := language_of(value)):
                yield for_production(folder, "language", language, file, key)
        elif field == "port" and isinstance(value, int) and 1 <= value <= 65535:
            yield for_production(folder, field, value, file, key)


def _list(value: object) -> list[Any]:
    return value[:200] if isinstance(value, list) else []
