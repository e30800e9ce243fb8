"""Files of hosting platforms: what a repository says for production, for another place to run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.agents.recon.addons import need_of
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import for_production
from hivemind.agents.recon.programs import language_of
from hivemind.detections.detection import Detection


def detect(folder: Folder) -> list[Detection]:
    """What app.json, heroku.yml, fly.toml, railway, nixpacks, railpack, app.yaml, apprunner, netlify and vercel
    files say of this folder."""
    found: list[Detection] = []
    for read in (
        _app_json,
        _heroku,
        _fly,
        _railway,
        _nixpacks,
        _railpack,
        _app_engine,
        _app_runner,
        _pages,
        _staticfile,
    ):
        found += read(folder)
    return found


class _Saying:
    """One file that speaks: detections are collected with the lines of their keys."""

    def __init__(self, folder: Folder, file: str) -> None:
        self.folder = folder
        self.file = file
        self.found: list[Detection] = []

    def say(self, field: str, value: object, key: str, sure: float = 0.95, note: str | None = None) -> None:
        """A value, where it is a text or number that fits the field."""
        if field == "port":
            number = int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0
            if isinstance(value, bool) or not 1 <= number <= 65535:
                return
            value = number
        elif not isinstance(value, str) or not value.strip() or len(value) > 4000:
            return
        clean = value if isinstance(value, int) else " ".join(str(value).split())
        self.found.append(for_production(self.folder, field, clean, self.file, re.escape(key), sure=sure, note=note))

    def start(self, command: object, key: str) -> None:
        """A start command, with the language that it speaks."""
        self.say("start", command, key)
        if isinstance(command, str) and (language := language_of(command)):
            self.say("language", language, key)


def _app_json(folder: Folder) -> list[Detection]:
    said = _Saying(folder, "app.json")
    content = folder.json("app.json")
    for name, value in _entries(content.get("env")):
        required = isinstance(value, Mapping) and value.get("required", True) is not False
        given = isinstance(value, str) or (isinstance(value, Mapping) and "value" in value)
        if required and (not given or (isinstance(value, Mapping) and value.get("required") is True)):
            said.say("env_required", name, name, 0.9)
    for addon in _list(content.get("addons")):
        plan = addon.get("plan") if isinstance(addon, Mapping) else addon
        if need := need_of(str(plan)):
            said.say("need", need, "addons", 0.9, str(plan)[:60])
    said.say("release", _dict(content.get("scripts")).get("postdeploy"), "postdeploy", 0.6)
    return said.found


def _heroku(folder: Folder) -> list[Detection]:
    said = _Saying(folder, "heroku.yml")
    content = folder.yaml("heroku.yml")
    run = _dict(content.get("run"))
    for name, value in _entries(run):
        command = value.get("command") if isinstance(value, Mapping) else value
        command = " && ".join(map(str, command)) if isinstance(command, list) else command
        if name == "web":
            said.start(command, "web")
            said.say("kind", "web", "web")
        else:
            said.say("worker", command, name, note=f"process {name}")
    said.say("release", " && ".join(map(str, _list(_dict(content.get("release")).get("command")))), "release")
    for addon in _list(_dict(content.get("setup")).get("addons")):
        if isinstance(addon, Mapping) and (need := need_of(str(addon.get("plan")))):
            said.say("need", need, "addons", 0.9, str(addon.get("plan"))[:60])
    return said.found


def _fly(folder: Folder) -> list[Detection]:
    said = _Saying(folder, "fly.toml")
    content = folder.toml("fly.toml")
    if not content:
        return []
    services = [_dict(content.get("http_service")), *map(_dict, _list(content.get("services")))]
    for service in services:
        said.say("port", service.get("internal_port"), "internal_port")
        checks = [check for name in ("checks", "http_checks") for check in _list(service.get(name))]
        for number, check in enumerate(checks[:10]):
            said.say("health_path", _dict(check).get("path"), "path", 0.9 - number / 100)
    if any("internal_port" in service for service in services):
        said.say("kind", "web", "internal_port")
    for name, command in _entries(content.get("processes")):
        said.say("start" if name in {"app", "web"} else "worker", command, name, note=f"process {name}")
    said.say("release", _dict(content.get("deploy")).get("release_command"), "release_command")
    for static in _list(content.get("statics")):
        said.say("static_dir", str(_dict(static).get("guest_path", "")).removeprefix("/app/"), "guest_path", 0.5)
    return said.found


def _railway(folder: Folder) -> list[Detection]:
    file = folder.first("railway.json", "railway.toml")
    if file is None:
        return []
    content = folder.json(file) if file.endswith("json") else folder.toml(file)
    said, deploy = _Saying(folder, file), _dict(content.get("deploy"))
    said.start(deploy.get("startCommand"), "startCommand")
    said.say("health_path", deploy.get("healthcheckPath"), "healthcheckPath")
    before = deploy.get("preDeployCommand")
    said.say("release", " && ".join(map(str, before)) if isinstance(before, list) else before, "preDeployCommand")
    said.say("build", _dict(content.get("build")).get("buildCommand"), "buildCommand")
    if deploy.get("cronSchedule"):
        said.say("kind", "worker", "cronSchedule", 0.7)
    return said.found


def _nixpacks(folder: Folder) -> list[Detection]:
    file = folder.first("nixpacks.toml", "nixpacks.json")
    if file is None:
        return []
    content = folder.json(file) if file.endswith("json") else folder.toml(file)
    said = _Saying(folder, file)
    start = _dict(content.get("start"))
    said.start(start.get("cmd") or start.get("command"), "cmd")
    build = _list(_dict(_dict(content.get("phases")).get("build")).get("cmds"))
    said.say("build", " && ".join(str(each) for each in build if each != "..."), "cmds")
    return said.found


def _railpack(folder: Folder) -> list[Detection]:
    said = _Saying(folder, "railpack.json")
    content = folder.json("railpack.json")
    said.start(_dict(content.get("deploy")).get("startCommand"), "startCommand")
    commands = _list(_dict(_dict(content.get("steps")).get("build")).get("commands"))
    said.say("build", " && ".join(each for each in commands if isinstance(each, str) and each != "..."), "commands")
    return said.found


def _app_engine(folder: Folder) -> list[Detection]:
    said = _Saying(folder, "app.yaml")
    content = folder.yaml("app.yaml")
    runtime = content.get("runtime")
    if not isinstance(runtime, str):
        return []
    if match := re.match(r"(python|nodejs|go|java|php|ruby)(\d+)?$", runtime):
        said.say("language", {"nodejs": "node"}.get(match[1], match[1]), "runtime", 0.9)
    said.start(content.get("entrypoint"), "entrypoint")
    said.say("health_path", _dict(content.get("readiness_check")).get("path"), "path")
    said.say("kind", "web", "runtime")
    return said.found


def _app_runner(folder: Folder) -> list[Detection]:
    said = _Saying(folder, "apprunner.yaml")
    content = folder.yaml("apprunner.yaml")
    run = _dict(content.get("run"))
    said.start(run.get("command"), "command")
    said.say("port", _dict(run.get("network")).get("port"), "port")
    commands = _list(_dict(_dict(content.get("build")).get("commands")).get("build"))
    said.say("build", " && ".join(map(str, commands)), "build")
    return said.found


def _pages(folder: Folder) -> list[Detection]:
    """Platforms that serve built pages: where those are, and how they come to be."""
    said = _Saying(folder, "netlify.toml")
    build = _dict(folder.toml("netlify.toml").get("build"))
    said.say("build", build.get("command"), "command", 0.8)
    if isinstance(publish := build.get("publish"), str):
        said.say("static_dir", publish.strip("/") or ".", "publish", 0.8)
    other = _Saying(folder, "vercel.json")
    vercel = folder.json("vercel.json")
    other.say("build", vercel.get("buildCommand"), "buildCommand", 0.8)
    other.say("static_dir", vercel.get("outputDirectory"), "outputDirectory", 0.8)
    return said.found + other.found


def _staticfile(folder: Folder) -> list[Detection]:
    if not folder.has("Staticfile"):
        return []
    said = _Saying(folder, "Staticfile")
    said.say("language", "static", "root", 0.9)
    said.say("kind", "static", "root")
    root = folder.yaml("Staticfile").get("root")
    said.say("static_dir", root if isinstance(root, str) else ".", "root")
    return said.found


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value[:200] if isinstance(value, list) else []


def _entries(value: object) -> Iterator[tuple[str, Any]]:
    yield from list(_dict(value).items())[:500]
