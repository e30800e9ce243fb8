"""Gleam applications."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, healthiest, pinned, port, scan
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES
from hivemind.detections.detection import Detection

LANGUAGE = "gleam"
FILE = "gleam.toml"
FRAMEWORKS = {
    "wisp": "wisp",
    "lustre": "lustre",
    "mist": "mist",
    "ewe": "ewe",
    "gleam_cowboy": "cowboy",
    "glen": "glen",
}
DRIVERS = {"postgres": ("pog", "gleam_pgo", "squirrel"), "redis": ("radish", "valkyrie"), "mysql": ("gmysql", "shork")}
_COMMANDS = ("glint", "argv", "clip")
_PATTERNS = {
    "main": re.compile(r"^pub fn main\("),
    "port": re.compile(r"mist\.port\((\d{2,5})\)|\bport:?\s*=?\s*(\d{4,5})\b|\.port\(\s*(\d{4,5})"),
    "health": re.compile(rf"\"({HEALTH})\"|\[\"(health|healthz|ping|up)\"\]"),
}


def detect(folder: Folder) -> list[Detection]:
    """What a Gleam project tells; nothing where there is no gleam.toml."""
    content = folder.toml(FILE)
    if not content:
        return []
    notes = Notes(folder, LANGUAGE)
    name = str(content.get("name", "app"))
    table = content.get("dependencies")
    dependencies: dict[str, Spot] = {
        str(each): (FILE, folder.line(FILE, rf"^\s*\"?{re.escape(str(each))}\"?\s*="))
        for each in (table if isinstance(table, dict) else {})
    }
    notes.declared("package_manager", "gleam", FILE)
    notes.usual("install", "gleam deps download", FILE)
    if version := pinned(folder, "gleam"):
        notes.declared("runtime_version", version.value, version.file, version.line)
    framework = next((each for each in FRAMEWORKS if each in dependencies), None)
    if framework:
        notes.declared("framework", FRAMEWORKS[framework], *dependencies[framework])
    hits = scan(folder, folder.sources(".gleam"), _PATTERNS)
    main = next((hit for hit in hits["main"] if hit.file == f"src/{name}.gleam"), None)
    notes.speaks(FILE, SERVES if framework and main else BUILDS if main else MANIFEST)
    if main is None:
        notes.kind("library", (FILE, None), 0.85)
        return notes.found
    commands = next((dependencies[each] for each in _COMMANDS if each in dependencies), None)
    spot: Spot = (main.file, main.line)
    if commands and not framework:
        notes.kind("cli", commands, 0.8)
        return notes.found
    notes.kind("web", dependencies[framework] if framework else spot, 0.9 if framework else 0.5)
    notes.usual("build", "gleam export erlang-shipment", FILE)
    notes.usual("start", "./build/erlang-shipment/entrypoint.sh run", *spot)
    if number := port(hits["port"]):
        notes.code("port", int(number.value), number.file, number.line)
    for hit in healthiest(hits["health"]):
        notes.code("health_path", "/" + hit.value.lstrip("/"), hit.file, hit.line)
    notes.needs(dependencies, DRIVERS)
    return notes.found
