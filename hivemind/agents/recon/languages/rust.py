"""Rust crates and workspaces."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from hivemind.agents.recon import compiled
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, Hit, healthiest, pinned, port, scan
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES
from hivemind.detections.detection import Detection

LANGUAGE = "rust"
FILE = "Cargo.toml"
FRAMEWORKS = {
    "loco-rs": "loco", "leptos_axum": "leptos", "leptos_actix": "leptos", "leptos": "leptos",
    "dioxus-fullstack": "dioxus",
    "cot": "cot", "poem-openapi": "poem", "rocket": "rocket", "actix-web": "actix-web", "axum": "axum", "warp": "warp",
    "poem": "poem", "salvo": "salvo", "tide": "tide", "ntex": "ntex", "rouille": "rouille", "gotham": "gotham",
    "viz": "viz", "thruster": "thruster", "iron": "iron", "nickel": "nickel", "xitca-web": "xitca-web",
    "dropshot": "dropshot", "volga": "volga", "pingora": "pingora", "tonic": "tonic",
}  # fmt: skip
"""In order of weight: frameworks that bring another along come before it."""
_PORTS = {"rocket": 8000, "loco": 5150, "dioxus": 8080, "cot": 8000}
"""By their documentation: Rocket, "Configuration"; Loco, "The app: configuration"; Dioxus, "CLI: serve"; Cot,
"Getting started"."""
_EXAMPLES = {"axum": 3000, "actix-web": 8080, "warp": 3030, "poem": 3000, "salvo": 8698, "tide": 8080}
"""What the first example of each has, since none has a port of its own."""
DRIVERS = {
    "postgres": (
        "tokio-postgres",
        "postgres",
        "deadpool-postgres",
        "diesel+postgres",
        "sqlx+postgres",
        "sea-orm+sqlx-postgres",
        "diesel-async+postgres",
        "rocket_db_pools+sqlx_postgres",
    ),
    "mysql": ("mysql", "mysql_async", "diesel+mysql", "sqlx+mysql", "sea-orm+sqlx-mysql", "diesel-async+mysql"),
    "redis": ("redis", "deadpool-redis", "fred", "bb8-redis", "apalis-redis", "sidekiq", "rusty-sidekiq"),
    "mongodb": ("mongodb",),
}
"""`crate+feature` for crates that speak to several databases."""
_EMBEDDED = ("rusqlite", "sqlx+sqlite", "diesel+sqlite", "sea-orm+sqlx-sqlite", "libsql", "sled", "redb", "rocksdb")
_COMMANDS = ("clap", "structopt", "argh", "pico-args", "lexopt", "bpaf", "gumdrop", "ratatui", "dialoguer", "crossterm")
_CONSUMERS = ("lapin", "rdkafka", "async-nats", "apalis", "serenity", "poise", "teloxide", "tokio-cron-scheduler")
_PATTERNS = {
    "listens": re.compile(
        r"TcpListener::bind|axum::serve|HttpServer::new|warp::serve|hyper::(?:S|s)erver|Server::bind\("
    ),
    "port": re.compile(
        r"\"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]):(\d{2,5})\"|"
        r"\(\s*\[[\d, ]+\]\s*,\s*(\d{2,5})\s*\)|\.bind\(\(\"[\w.:]+\",\s*(\d{2,5})\)|"
        r"(?:(?:\b|_)(?:[pP]ort|PORT)|[a-z]Port)(?![a-z])\w*\s*(?::\s*\w+)?\s*=\s*\"?(\d{2,5})\b|"
        r"\"PORT\"\)[^;]*?unwrap_or(?:_else)?\([^)]*?\"?(\d{2,5})|default_value(?:_t)?\s*=\s*\"?(\d{4,5})\b"
    ),
    "health": re.compile(rf"(?:route|get|resource|path!?|at|head)\w*\(\s*\"({HEALTH})\""),
    "arguments": re.compile(r"env::args\(|io::stdin\("),
    "required": re.compile(
        r"(?:\benv|\bdotenvy?)::var\(\"([A-Z][A-Z0-9_]+)\"\)\s*(?:\.expect\(|\.unwrap\(\)|\?)|"
        r"\b(?:required?|must|expect)(?:_env)?(?:_var)?\(\s*\"([A-Z][A-Z0-9_]{2,})\""
    ),
}


@dataclass
class Crate:
    """A Cargo.toml. path: its folder, empty for the top. beside: folders of crates of the workspace that it depends on.
    dependencies: name or name+feature -> spot."""

    path: str
    name: str
    programs: tuple[str, ...]
    library: bool
    beside: tuple[str, ...] = ()
    dependencies: dict[str, Spot] = field(default_factory=dict)
    version: Hit | None = None

    def file(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name


def detect(folder: Folder) -> list[Detection]:
    """What the crate or workspace of a folder tells; nothing where there is no Cargo.toml."""
    content = folder.toml(FILE)
    if not content:
        return []
    notes = Notes(folder, LANGUAGE)
    crates = _crates(folder, content)
    version = pinned(folder, "rust", files=("rust-toolchain",)) or _toolchain(folder)
    version = version or next((crate.version for crate in crates if crate.version), None)
    if version:
        notes.declared("runtime_version", version.value, version.file, version.line)
    notes.declared("package_manager", "cargo", FILE)
    notes.usual("install", "cargo fetch --locked" if folder.has("Cargo.lock") else "cargo fetch", FILE)
    chosen = min(crates, key=_rank, default=None)
    if chosen is None or not chosen.programs:
        notes.speaks(FILE, MANIFEST)
        framework = chosen and _framework(chosen)
        if framework and not (chosen and chosen.library):
            notes.declared("framework", FRAMEWORKS[framework], *_spot(chosen, framework))
        notes.kind("library", (FILE, folder.line(FILE, r"^\[lib\]")))
        return notes.found
    _take_over(chosen, {crate.path: crate for crate in crates})
    _program(notes, chosen, workspace=bool(chosen.path))
    return notes.found


def _take_over(chosen: Crate, crates: dict[str, Crate]) -> None:
    """What the crates of its workspace bring that a program depends on: its web layer, its database."""
    waiting, seen = list(chosen.beside), {chosen.path}
    while waiting:
        path = waiting.pop()
        if path in crates and path not in seen:
            seen.add(path)
            waiting += crates[path].beside
            chosen.dependencies = {**crates[path].dependencies, **chosen.dependencies}


def _program(notes: Notes, crate: Crate, *, workspace: bool) -> None:
    folder = notes.folder
    manifest = crate.file(FILE)
    inside = f"{crate.path}/" if crate.path else ""
    hits = scan(folder, (file for file in folder.sources(".rs") if file.startswith(f"{inside}src/")), _PATTERNS)
    program = crate.programs[0]
    framework = _framework(crate)
    if framework:
        notes.declared("framework", FRAMEWORKS[framework], *_spot(crate, framework))
    spot = (manifest, folder.line(manifest, rf"^\s*name\s*=\s*[\"']{re.escape(program)}"))
    notes.usual("build", f"cargo build --release{f' --package {crate.name}' if workspace else ''}", *spot)
    kind, seen, sure = _kind(crate, hits, framework, spot)
    notes.speaks(FILE, SERVES if kind == "web" and sure > 0.7 else BUILDS)
    notes.kind(kind, seen, sure)
    if kind in {"cli", "library"}:
        return
    notes.usual("start", f"./target/release/{program}{compiled.arguments(folder)}", *spot)
    if kind == "web":
        _serving(notes, hits, crate, framework)
    if not any(name in crate.dependencies for name in _EMBEDDED):
        notes.needs(crate.dependencies, DRIVERS)
    for hit in {hit.value: hit for hit in hits["required"]}.values():
        if hit.value not in {"PORT", "HOME", "OUT_DIR", "CARGO_MANIFEST_DIR"}:
            notes.code("env_required", hit.value, hit.file, hit.line, sure=0.7)


def _serving(notes: Notes, hits: dict[str, list[Hit]], crate: Crate, framework: str | None) -> None:
    name = FRAMEWORKS[framework] if framework else ""
    settings = notes.folder.toml("Rocket.toml") if name == "rocket" else {}
    for profile in ("release", "default", "global"):
        table = settings.get(profile)
        if isinstance(table, dict) and isinstance(table.get("port"), int):
            notes.declared("port", table["port"], "Rocket.toml", notes.folder.line("Rocket.toml", r"^\s*port\s*="))
            break
    if number := port(hits["port"]):
        notes.code("port", int(number.value), number.file, number.line)
    elif name in _PORTS and framework:
        notes.usual("port", _PORTS[name], *_spot(crate, framework), note=f"{name}'s own")
    elif name in _EXAMPLES and framework:
        notes.guess("port", _EXAMPLES[name], *_spot(crate, framework), note=f"in {name}'s examples")
    for hit in healthiest(hits["health"]):
        notes.code("health_path", hit.value, hit.file, hit.line)


def _kind(crate: Crate, hits: dict[str, list[Hit]], framework: str | None, spot: Spot) -> tuple[str, Spot, float]:
    has = crate.dependencies
    listens = next(((hit.file, hit.line) for hit in hits["listens"]), None)
    commands = next((has[name] for name in _COMMANDS if name in has), None)
    if framework and (listens or not crate.library or not commands):
        return "web", _spot(crate, framework), 0.9
    if listens and not commands:
        return "web", listens, 0.85
    if commands:
        return "cli", commands, 0.85
    if consumer := next((has[name] for name in _CONSUMERS if name in has), None):
        return "worker", consumer, 0.8
    if hits["arguments"]:
        return "cli", (hits["arguments"][0].file, hits["arguments"][0].line), 0.75
    return "web", spot, 0.5


def _crates(folder: Folder, content: dict[str, Any]) -> list[Crate]:
    """The crate at the top and those of its workspace."""
    found = [_crate(folder, "", content, {})] if isinstance(content.get("package"), dict) else []
    workspace = content.get("workspace")
    if not isinstance(workspace, dict):
        return found
    patterns = [str(each).strip("/").removeprefix("./") for each in _list(workspace.get("members"))][:100]
    shared = workspace.get("dependencies")
    for file in folder.files:
        parent, _, name = file.rpartition("/")
        if name == FILE and parent and len(found) < 60 and any(fnmatchcase(parent, each) for each in patterns):
            found.append(_crate(folder, parent, folder.toml(file), shared if isinstance(shared, dict) else {}))
    return found


def _crate(folder: Folder, path: str, content: dict[str, Any], shared: dict[str, Any]) -> Crate:
    package = content.get("package")
    package = package if isinstance(package, dict) else {}
    name = str(package.get("name", "app"))
    inside = f"{path}/" if path else ""
    bins = [str(each["name"]) for each in _list(content.get("bin")) if isinstance(each, dict) and "name" in each]
    if not bins and folder.has(f"{inside}src/main.rs"):
        bins = [name]
    if package.get("default-run"):
        bins = [str(package["default-run"])]
    if not bins:
        bins = [
            file.removeprefix(f"{inside}src/bin/").removesuffix(".rs").removesuffix("/main")
            for file in folder.files
            if re.fullmatch(rf"{re.escape(inside)}src/bin/(?:[\w-]+\.rs|[\w-]+/main\.rs)", file)
        ]
    crate = Crate(path, name, tuple(bins), "lib" in content or folder.has(f"{inside}src/lib.rs"))
    file = crate.file(FILE)
    lines = {key: folder.line(file, rf"^\s*{key}\s*=") for key in ("rust-version",)}
    wanted = package.get("rust-version")
    if isinstance(wanted, str) and re.fullmatch(r"[\d.]+", wanted):
        crate.version = Hit(wanted, file, lines["rust-version"])
    table = content.get("dependencies")
    for key, value in table.items() if isinstance(table, dict) else ():
        spot = (file, folder.line(file, rf"^\s*(?:\[dependencies\.)?\"?{re.escape(key)}\"?\s*[.=\]]"))
        whole = shared.get(key) if isinstance(value, dict) and value.get("workspace") else value
        if isinstance(value, dict) and value.get("optional"):
            continue
        if isinstance(value, dict) and isinstance(value.get("path"), str):
            crate.beside = (*crate.beside, posixpath.normpath(posixpath.join(path, value["path"])))
        elif isinstance(whole, dict) and isinstance(whole.get("path"), str):
            crate.beside = (*crate.beside, posixpath.normpath(whole["path"]))
        crate.dependencies[key] = spot
        for each in (*_features(value), *_features(whole)):
            crate.dependencies[f"{key}+{each}"] = spot
    return crate


def _features(value: object) -> list[str]:
    return [str(each) for each in _list(value.get("features"))] if isinstance(value, dict) else []


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _framework(crate: Crate) -> str | None:
    return next((name for name in FRAMEWORKS if name in crate.dependencies), None)


def _spot(crate: Crate | None, dependency: str) -> Spot:
    return crate.dependencies.get(dependency, (FILE, None)) if crate else (FILE, None)


def _rank(crate: Crate) -> tuple[bool, bool, int, str]:
    return (not crate.programs, _framework(crate) is None, crate.path.count("/") + bool(crate.path), crate.path)


def _toolchain(folder: Folder) -> Hit | None:
    table = folder.toml("rust-toolchain.toml").get("toolchain")
    channel = table.get("channel") if isinstance(table, dict) else None
    if isinstance(channel, str) and re.fullmatch(r"[\w.-]{1,40}", channel):
        return Hit(channel, "rust-toolchain.toml", folder.line("rust-toolchain.toml", r"^\s*channel\s*="))
    return None
