"""Deno applications."""

from __future__ import annotations

import re
from typing import Any

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, Hit, healthiest, pinned, port, scan
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES
from hivemind.detections.detection import Detection

LANGUAGE = "deno"
FRAMEWORKS = {
    "fresh": r"\bfresh\b|\$fresh/", "oak": r"(?:@oak/oak|/x/oak\b)", "hono": r"(?:@hono/hono|npm:hono|/x/hono\b)",
    "aleph": r"/x/aleph\b", "ultra": r"/x/ultra\b", "lume": r"(?:/x/lume\b|\blume/)", "drash": r"/x/drash\b",
    "express": r"npm:express\b", "alosaur": r"/x/alosaur\b", "opine": r"/x/opine\b",
}  # fmt: skip
DRIVERS = {
    "postgres": r"npm:(?:pg|postgres)\b|/x/(?:postgres|postgresjs)\b|@db/postgres",
    "mysql": r"npm:mysql2?\b|/x/mysql\b",
    "redis": r"npm:(?:ioredis|redis)\b|/x/redis\b|@db/redis",
    "mongodb": r"npm:(?:mongodb|mongoose)\b|/x/mongo\b|@db/mongo",
}
_USUAL = tuple(
    f"{folder}{name}.{end}"
    for folder in ("", "src/")
    for name in ("main", "server", "mod", "index", "app")
    for end in ("ts", "tsx", "js")
)
_SPOKEN = re.compile(r"\bDeno\.(?:env|serve|listen|args|readFile|open)\b|[\"'](?:https://deno\.land/|jsr:@)")
"""What only Deno runs, in a program that comes without any settings of it."""
_PATTERNS = {
    "listens": re.compile(r"Deno\.(?:serve|listen)\(|\bserve\(|\.listen\("),
    "port": re.compile(
        r"\"PORT\"\)\s*(?:\)\s*)?(?:\|\||\?\?)\s*\"?(\d{2,5})|\bport:\s*(?:Number\([^)]*\)\s*\|\|\s*)?(\d{2,5})\b|\bPORT\s*=\s*(\d{2,5})"
    ),
    "health": re.compile(rf"[\"'`]({HEALTH})[\"'`]"),
    "arguments": re.compile(r"Deno\.args|@std/cli|std/flags|cliffy"),
    "imports": re.compile(r"(?:from|import)\s*\(?\s*[\"']((?:npm:|jsr:|https://)[^\"']+)[\"']"),
}


def detect(folder: Folder) -> list[Detection]:
    """What a Deno project tells; nothing without deno.json, deno.jsonc, or beside no package.json a deno.lock or
    a program that only Deno runs."""
    file = folder.first("deno.json", "deno.jsonc")
    if file is None and folder.has("deno.lock") and not folder.has("package.json"):
        file = "deno.lock"
    if file is None and not folder.has("package.json"):
        file = next((each for each in _USUAL if _SPOKEN.search(folder.text(each, limit=200_000) or "")), None)
    if file is None:
        return []
    notes = Notes(folder, LANGUAGE)
    content = folder.json(file) if file.startswith("deno.json") else {}
    hits = scan(folder, folder.sources(".ts", ".tsx", ".js", ".jsx", ".mts", most=300), _PATTERNS)
    notes.declared("package_manager", "deno", file)
    if version := pinned(folder, "deno", files=(".deno-version", ".dvmrc")):
        notes.declared("runtime_version", version.value, version.file, version.line)
    framework = _framework(folder, file, content, hits)
    if framework:
        notes.declared("framework", framework[0], *framework[1])
    entry = next((each for each in _USUAL if folder.has(each)), None)
    task = _task(content)
    beside = folder.has("package.json") and task is None
    serves = bool(hits["listens"]) or framework is not None
    if entry is None and task is None:
        notes.speaks(file, MANIFEST - 0.1 if beside else MANIFEST)
        notes.kind("library", (file, folder.line(file, r"\"exports\"")), 0.8)
        return notes.found
    notes.speaks(file, MANIFEST - 0.1 if beside else SERVES if serves else BUILDS)
    _running(notes, file, content, entry, task, serves=serves, hits=hits)
    return notes.found


def _running(
    notes: Notes, file: str, content: dict[str, Any], entry: str | None, task: str | None, *, serves: bool,
    hits: dict[str, list[Hit]],
) -> None:  # fmt: skip
    folder = notes.folder
    spot: Spot = (hits["listens"][0].file, hits["listens"][0].line) if hits["listens"] else (entry or file, None)
    if not serves and hits["arguments"]:
        notes.kind("cli", (hits["arguments"][0].file, hits["arguments"][0].line), 0.8)
        return
    if not serves and content.get("exports") and task is None:
        notes.kind("library", (file, folder.line(file, r"\"exports\"")), 0.8)
        return
    notes.kind("web", spot, 0.9 if serves else 0.5)
    notes.usual("install", "deno install" if content.get("imports") else f"deno cache {entry or '.'}", file)
    tasks = content.get("tasks")
    if isinstance(tasks, dict) and "build" in tasks:
        notes.declared("build", "deno task build", file, folder.line(file, r"\"build\"\s*:"))
    elif entry:
        notes.usual("build", f"deno cache {entry}", entry)
    if task:
        notes.declared("start", f"deno task {task}", file, folder.line(file, rf"\"{task}\"\s*:"))
    elif entry:
        notes.usual("start", f"deno run --allow-all {entry}", entry)
    if number := port(hits["port"]):
        notes.code("port", int(number.value), number.file, number.line)
    elif serves:
        notes.usual("port", 8000, *spot, note="Deno's own")  # Deno, "Deno.serve"
    for hit in healthiest(hits["health"]):
        notes.code("health_path", hit.value, hit.file, hit.line)
    texts = [*_imports(folder, file, content), *((hit.value, (hit.file, hit.line)) for hit in hits["imports"])]
    for need, pattern in DRIVERS.items():
        if seen := next((where for text, where in texts if re.search(pattern, text)), None):
            notes.declared("need", need, *seen, sure=0.85)


def _task(content: dict[str, Any]) -> str | None:
    """The task for production, unless it watches."""
    tasks = content.get("tasks")
    for name in ("start", "serve", "preview"):
        task = tasks.get(name) if isinstance(tasks, dict) else None
        command = task.get("command") if isinstance(task, dict) else task
        if isinstance(command, str) and "--watch" not in command and "dev.ts" not in command:
            return name
    return None


def _imports(folder: Folder, file: str, content: dict[str, Any]) -> list[tuple[str, Spot]]:
    table = content.get("imports")
    return [
        (f"{name} {target}", (file, folder.line(file, rf"\"{re.escape(str(name))}\"\s*:")))
        for name, target in (table.items() if isinstance(table, dict) else ())
    ][:300]


def _framework(
    folder: Folder, file: str, content: dict[str, Any], hits: dict[str, list[Hit]]
) -> tuple[str, Spot] | None:
    texts = [*_imports(folder, file, content), *((hit.value, (hit.file, hit.line)) for hit in hits["imports"])]
    for name, pattern in FRAMEWORKS.items():
        for text, spot in texts:
            if re.search(pattern, text):
                return name, spot
    return None
