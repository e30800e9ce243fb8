"""Elixir applications. mix.exs is a program: this reader takes its dependencies, application name and version."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, Hit, healthiest, pinned, port, scan
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES
from hivemind.detections.detection import Detection

LANGUAGE = "elixir"
FILE = "mix.exs"
FRAMEWORKS = {"phoenix": "phoenix", "raxx": "raxx", "trot": "trot", "kitto": "kitto", "plug_cowboy": "plug",
              "bandit": "plug", "plug": "plug"}  # fmt: skip
DRIVERS = {"postgres": ("postgrex",), "mysql": ("myxql", "mariaex"), "redis": ("redix", "exq", "verk"),
           "mongodb": ("mongodb_driver", "mongodb")}  # fmt: skip
_CONSUMERS = ("broadway", "oban", "nostrum", "quantum", "gen_stage", "ex_gram", "brod", "amqp")
_DEPENDENCY = re.compile(r"^\s*\{\s*:(\w+)\s*,(.*)")
_PATTERNS = {
    "port": re.compile(r"\"PORT\"[^\n]{0,80}?\"(\d{2,5})\"|^(?!.*\b(?:url|host|scheme):).*\bport:\s*(\d{2,5})\b"),
    "health": re.compile(rf"\bget\s*\(?\s*\"({HEALTH})\"|request_path:\s*\"({HEALTH})\""),
    "listens": re.compile(r"Plug\.Cowboy|Bandit|:cowboy\.start|:gen_tcp\.listen"),
}
_REQUIRED = re.compile(
    r"System\.fetch_env!\(\s*\"([A-Z][A-Z0-9_]+)\"|System\.get_env\(\s*\"([A-Z][A-Z0-9_]+)\"\s*\)\s*\|\|\s*(?:raise\b|$)"
)


def detect(folder: Folder) -> list[Detection]:
    """What a mix project tells; nothing where there is no mix.exs."""
    text = folder.text(FILE, limit=200_000)
    if text is None:
        return [] if not folder.has("mix.lock") else _locked(folder)
    notes = Notes(folder, LANGUAGE)
    dependencies = _dependencies(text) or _lock(folder)
    _version(notes)
    notes.declared("package_manager", "mix", FILE)
    notes.usual("install", "mix deps.get --only prod", FILE)
    framework = next((name for name in FRAMEWORKS if name in dependencies), None)
    if framework and FRAMEWORKS[framework] != "plug":
        notes.declared("framework", FRAMEWORKS[framework], *dependencies[framework])
    endpoints = (file for file in folder.files if re.fullmatch(r"lib/\w+_web/endpoint\.ex", file))
    trace = next((file for file in endpoints if folder.line(file, r"^\s*use Phoenix\.Endpoint")), None)
    if framework != "phoenix" and trace:
        framework = "phoenix"
        notes.code("framework", "phoenix", trace, folder.line(trace, r"^\s*use Phoenix\.Endpoint"), sure=0.8)
    umbrella = folder.line(FILE, r"^\s*apps_path:")
    apps = next((file for file in folder.files if re.fullmatch(r"apps/\w+_web/mix\.exs", file)), None)
    if umbrella and apps:
        notes.declared("framework", "phoenix", apps)
        framework = "phoenix"
    started = folder.line(FILE, r"^\s*mod:\s*\{")
    hits = scan(folder, folder.sources(".ex", most=400), _PATTERNS, comments=("#",))
    if not (started or framework or umbrella):
        script = folder.line(FILE, r"^\s*escript:")
        notes.speaks(FILE, BUILDS if script else MANIFEST)
        notes.kind("cli" if script else "library", (FILE, script), 0.85)
        return notes.found
    serves = framework is not None and (framework == "phoenix" or bool(started))
    consumer = next((name for name in _CONSUMERS if name in dependencies), None)
    package = folder.line(FILE, r"^\s*package:|defp? package\b")
    notes.speaks(FILE, SERVES if serves else BUILDS)
    if package and not any(file.startswith("config/prod") or file == "config/runtime.exs" for file in folder.files):
        notes.kind("library", (FILE, package), 0.8)
        return notes.found
    seen = dependencies.get(framework or "", (FILE, folder.line(FILE, r"^\s*mod:")))
    kind = "web" if serves else "worker" if consumer else "web"
    notes.kind(
        kind, dependencies[consumer] if kind == "worker" and consumer else seen, 0.9 if serves or consumer else 0.5
    )
    _running(notes, text, dependencies, phoenix=framework == "phoenix")
    if kind == "web":
        _addresses(notes, hits, framework)
    notes.needs(dependencies, DRIVERS)
    return notes.found


def _running(notes: Notes, text: str, dependencies: dict[str, Spot], *, phoenix: bool) -> None:
    folder = notes.folder
    name = re.search(r"(?m)^\s*app:\s*:(\w+)", text)
    releases = re.search(r"releases:\s*\[\s*(\w+):", text)
    module = next(
        (each[1] for file in folder.files if (each := re.fullmatch(r"lib/(\w+)/application\.ex", file))), "app"
    )
    app = (releases or name or [None, module])[1]
    steps = ["mix compile"]
    if phoenix and ("assets.deploy" in text or folder.has("assets/package.json")):
        steps.append("mix assets.deploy" if "assets.deploy" in text else "mix phx.digest")
    line = folder.line(FILE, r"^\s*(?:releases:|app:)")
    if folder.has("config/runtime.exs") or releases or folder.has("config/releases.exs"):
        notes.usual("build", " && ".join([*steps, "mix release --overwrite"]), FILE, line)
        served = f"_build/prod/rel/{app}/bin/server"
        own = _overlay(folder, "server")
        start = served if own else f"{'PHX_SERVER=true ' if phoenix else ''}_build/prod/rel/{app}/bin/{app} start"
        notes.usual("start", start, *((own, None) if own else (FILE, line)))
        if migrate := _overlay(folder, "migrate"):
            notes.usual("release", f"_build/prod/rel/{app}/bin/migrate", migrate)
            return
    else:
        notes.usual("build", " && ".join(steps), FILE, line)
        notes.usual("start", "mix phx.server" if phoenix else "mix run --no-halt", FILE, line)
    migrations = next((file for file in folder.files if re.match(r"(?:apps/\w+/)?priv/\w+/migrations/", file)), None)
    if migrations and ("ecto_sql" in dependencies or "phoenix_ecto" in dependencies):
        notes.usual("release", "mix ecto.migrate", migrations)


def _overlay(folder: Folder, name: str) -> str | None:
    """A script that a release brings along ("mix phx.gen.release"): in `rel/overlays`, or in those of one release."""
    return next((file for file in folder.files if re.fullmatch(rf"rel/(?:\w+/)?overlays/bin/{name}", file)), None)


def _addresses(notes: Notes, hits: dict[str, list[Hit]], framework: str | None) -> None:
    folder = notes.folder
    settings = [file for file in ("config/runtime.exs", "config/prod.exs", "config/releases.exs") if folder.has(file)]
    configured = scan(folder, settings, _PATTERNS, comments=("#",))
    if number := port(configured["port"]) or port(hits["port"]):
        notes.code("port", int(number.value), number.file, number.line)
    else:
        notes.usual(
            "port", 4000, FILE, sure=0.8 if framework else 0.4, note="usual for Elixir"
        )  # Phoenix, "Up and Running"
    for hit in healthiest(hits["health"]):
        notes.code("health_path", hit.value, hit.file, hit.line)
    for file in settings:
        for number_, line in enumerate((folder.text(file, limit=100_000) or "").splitlines(), 1):
            if not line.lstrip().startswith("#") and (match := _REQUIRED.search(line)):
                name = match[1] or match[2]
                if name != "PORT":
                    notes.code("env_required", name, file, number_)


def _version(notes: Notes) -> None:
    folder = notes.folder
    if version := pinned(folder, "elixir", files=(".elixir-version",)):
        notes.declared("runtime_version", version.value.partition("-otp")[0], version.file, version.line)
    for file in ("elixir_buildpack.config",):
        for number, line in enumerate((folder.text(file, limit=10_000) or "").splitlines(), 1):
            if match := re.match(r"\s*elixir_version=v?(\d[\d.]*)", line):
                notes.declared("runtime_version", match[1], file, number, sure=0.95)
    for number, line in enumerate((folder.text(FILE) or "").splitlines(), 1):
        if match := re.match(r"\s*elixir:\s*\"(?:~>|>=)?\s*([\d.]+)", line):
            notes.declared("runtime_version", match[1], FILE, number, sure=0.8)
            return


def _dependencies(text: str) -> dict[str, Spot]:
    found: dict[str, Spot] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _DEPENDENCY.match(line)
        if match and not re.search(r"only:\s*(?:\[\s*)?:(?:test|dev)\b(?!.*:prod)", match[2]):
            found.setdefault(match[1], (FILE, number))
    return found


def _lock(folder: Folder) -> dict[str, Spot]:
    """The packages of mix.lock, for a mix.exs that names none in a way that this reader sees."""
    lines = (folder.text("mix.lock", limit=400_000) or "").splitlines()
    found = ((re.match(r"\s*\"(\w+)\":\s*\{:", line), number) for number, line in enumerate(lines, 1))
    return {match[1]: ("mix.lock", number) for match, number in found if match}


def _locked(folder: Folder) -> list[Detection]:
    """A lock file alone says the language and no more."""
    notes = Notes(folder, LANGUAGE)
    notes.speaks("mix.lock", MANIFEST)
    notes.declared("package_manager", "mix", "mix.lock")
    return notes.found
