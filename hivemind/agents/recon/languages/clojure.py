"""Clojure: Leiningen's project.clj and deps.edn, read by the forms that matter here, not as a language."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, healthiest, pinned, port, scan
from hivemind.agents.recon.weights import BUILDS, MANIFEST, SERVES
from hivemind.detections.detection import Detection

LANGUAGE = "clojure"
FRAMEWORKS = {
    "luminus": ("luminus-", "luminus/", "kit-clj/", "io.github.kit-clj"),
    "pedestal": ("io.pedestal/",),
    "duct": ("duct/", "org.duct-framework/"),
    "fulcro": ("com.fulcrologic/",),
    "compojure": ("compojure", "metosin/compojure-api"),
    "reitit": ("metosin/reitit",),
    "ring": ("ring/", "ring", "lein-ring"),
    "http-kit": ("http-kit", "http-kit/http-kit"),
    "aleph": ("aleph", "aleph/aleph"),
}
"""In order of weight: frameworks that bring another along come before it."""
DRIVERS = {
    "postgres": ("org.postgresql/postgresql", "postgresql"),
    "mysql": ("mysql/mysql-connector-java", "com.mysql/mysql-connector-j", "org.mariadb.jdbc/mariadb-java-client"),
    "redis": ("com.taoensso/carmine",),
    "mongodb": ("com.novemberain/monger", "org.mongodb/mongodb-driver-sync"),
}
_MANAGERS = {"project.clj": "leiningen", "deps.edn": "clojure", "build.boot": "boot"}
_PORTS = {"pedestal": 8080, "luminus": 3000, "ring": 3000}
"""Pedestal, "Hello World"; Luminus, "Application profiles"; Ring, "Getting Started"."""
_DEPENDENCY = re.compile(
    r"\[([\w./-]+)\s+\"[^\"]+\"|^(?:\{:deps )?(?::deps )?\{?([a-z][\w.-]*/[\w.-]+)\s+\{:(?:mvn|git|local)"
)
_PATTERNS = {
    "main": re.compile(r"\(defn -main\b"),
    "listens": re.compile(r"run-jetty|run-server|start-server|http/start|jetty-adapter|create-server|run-adapter"),
    "port": re.compile(r":(?:[\w.]+/)?port\s+(?:\(?[^)\n]*?)?\"?(\d{4,5})\b|\"PORT\"\)?\s+\"?(\d{4,5})\b"),
    "health": re.compile(rf"\"({HEALTH})\""),
}


def detect(folder: Folder) -> list[Detection]:
    """What a Clojure project tells; nothing without project.clj, deps.edn or build.boot."""
    file = folder.first(*_MANAGERS)
    if file is None:
        return []
    notes = Notes(folder, LANGUAGE)
    dependencies = _dependencies(folder, file)
    notes.declared("package_manager", _MANAGERS[file], file)
    if version := pinned(folder, "java", files=(".jdk-version", ".java-version")):
        notes.declared("runtime_version", version.value, version.file, version.line)
    hits = scan(folder, folder.sources(".clj", ".cljc"), _PATTERNS, comments=(";",))
    found = next(((name, spot) for name, starts in FRAMEWORKS.items() if (spot := _uses(dependencies, starts))), None)
    if found:
        notes.declared("framework", found[0], *found[1])
    main = folder.line(file, r"(?<!\w):main\b") or folder.line(file, r":ring\s*\{")
    seen = hits["main"][0] if hits["main"] else None
    if main is None and seen is None:
        notes.speaks(file, MANIFEST)
        notes.kind("library", (file, None))
        return notes.found
    spot = (seen.file, seen.line) if seen else (file, main)
    serves = found is not None or bool(hits["listens"])
    notes.speaks(file, SERVES if serves else BUILDS)
    cli = not serves and _uses(dependencies, ("org.clojure/tools.cli", "cli-matic", "org.babashka/cli"))
    notes.kind("cli" if cli else "web", found[1] if found else cli or spot, 0.9 if serves else 0.8 if cli else 0.5)
    _tasks(notes, file, dependencies, spot)
    if cli:
        notes.found = [each for each in notes.found if each.field != "start"]
        return notes.found
    notes.needs(dependencies, DRIVERS)
    if number := port(hits["port"]):
        notes.code("port", int(number.value), number.file, number.line)
    elif found and found[0] in _PORTS:
        notes.usual("port", _PORTS[found[0]], *found[1])
    for hit in healthiest(hits["health"]):
        notes.code("health_path", hit.value, hit.file, hit.line)
    return notes.found


def _tasks(notes: Notes, file: str, dependencies: dict[str, Spot], spot: Spot) -> None:
    folder = notes.folder
    if file == "project.clj":
        ring = "lein-ring" in dependencies
        named = re.search(r":uberjar-name\s+\"([\w.-]+)\"", folder.text(file) or "")
        line = folder.line(file, r":uberjar-name") or folder.line(file, r"\(defproject")
        notes.usual("install", "lein deps", file)
        notes.usual("build", f"lein {'ring ' if ring else ''}uberjar", file)
        notes.usual("start", f"java -jar {_target(folder)}/{named[1] if named else '*-standalone.jar'}", file, line)
    elif file == "deps.edn":
        notes.usual("install", "clojure -P", file)
        built = folder.has("build.clj") and folder.line("build.clj", r"\(defn uber\b|\(defn ci\b")
        if built:
            task = "uber" if folder.line("build.clj", r"\(defn uber\b") else "ci"
            notes.usual("build", f"clojure -T:build {task}", "build.clj", built or None)
            notes.usual("start", "java -jar target/*-standalone.jar", "build.clj", built or None)
        else:
            text = folder.text(spot[0], limit=200_000) or ""
            name = re.search(r"\(ns\s+(?:\^\{[^}]*\}\s*)?([\w.*+!?-]+)", text)
            if name:
                notes.usual("start", f"clojure -M -m {name[1]}", *spot)


def _target(folder: Folder) -> str:
    """Where the archive lands: the profile's own folder with `:target-path "target/%s"`."""
    return "target/uberjar" if folder.line("project.clj", r":target-path\s+\"target/%s") else "target"


def _dependencies(folder: Folder, file: str) -> dict[str, Spot]:
    found: dict[str, Spot] = {}
    for number, line in enumerate((folder.text(file, limit=200_000) or "").splitlines(), 1):
        if len(line) > 1000 or line.lstrip().startswith(";"):
            continue
        if re.search(r":(?:project/)?(?:dev|test)\b\s*\{|:profiles/", line):
            break
        for match in _DEPENDENCY.finditer(" ".join(line.split())):
            found.setdefault(match[1] or match[2], (file, number))
    return found


def _uses(dependencies: dict[str, Spot], starts: tuple[str, ...]) -> Spot | None:
    def fits(name: str, start: str) -> bool:
        return name == start or name.startswith((start,) if start.endswith(("/", "-")) else (f"{start}-", f"{start}/"))

    return next((spot for name, spot in dependencies.items() for start in starts if fits(name, start)), None)
