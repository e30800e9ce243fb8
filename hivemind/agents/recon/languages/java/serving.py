"""What source and configuration of these languages tell: ports, health, databases, and the kind of thing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hivemind.agents.recon import ports
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.java import frameworks
from hivemind.agents.recon.languages.java.frameworks import FRAMEWORKS
from hivemind.agents.recon.languages.java.project import Project
from hivemind.agents.recon.notes import Notes, Spot
from hivemind.agents.recon.reading import HEALTH, Hit, healthiest, port, scan

_SETTINGS = re.compile(
    r"(?:^|/)(?:application|bootstrap)(?:-(?:prod|production|default|cloud))?\.(?:properties|ya?ml|conf)$"
)
_SOURCES = (".java", ".kt", ".scala", ".groovy")
_ASIDE = re.compile(r"(?:^|/)(?:test|tests|androidTest|integrationTest|docs|target|build|it)/")
"""Not the folder's own choice: `example` and `samples` are usual names of packages here."""
_PATTERNS = {
    "main": re.compile(
        r"\bvoid\s+main\s*\(|^\s*(?:suspend )?fun main\(|extends (?:Z?IO)?App(?:Default)?\b|@main\b"
    ),
    "listens": re.compile(
        r"HttpServer\.create|new ServerSocket\(|embeddedServer\(|createHttpServer\(|Javalin\.create|new Server\(|"
        r"Undertow\.builder|ServerBuilder\.forPort\(|"
        r"\.bindAndHandle|newServerAt|EmberServerBuilder|extends HttpServlet|@WebServlet|Spark\.get\("
    ),
    "port": re.compile(
        r"\.start\((\d{4,5})\)|\.listen\((\d{4,5})|\bport\((\d{4,5})\)|embeddedServer\(\w+,\s*(?:port\s*=\s*)?(\d{4,5})|"
        r"InetSocketAddress\((?:\"[\w.]+\",\s*)?(\d{4,5})\)|new (?:ServerSocket|Server)\((\d{4,5})|"
        r"(?i:\bport\w*)\s*(?::\s*\w+)?\s*=\s*\"?(\d{4,5})\b|\"PORT\"[^\n]{0,80}?\"?(\d{4,5})\b"
    ),
    "health": re.compile(rf"(?:Mapping|@Path|@Get|get|route|path)\(\s*(?:value\s*=\s*)?\"({HEALTH})\""),
}  # fmt: skip
_CONFIGURED = {
    "port": re.compile(
        r"^\s*(?:server\.port|quarkus\.http\.port|micronaut\.server\.port|http\.port)\s*[=:]\s*(?:\$\{[\w.]+:)?\"?(\d{2,5})|"
        r"^\s+port\s*[=:]\s*(?:\$\{[\w.]+:)?\"?(\d{2,5})\b"
    ),
    "database": re.compile(r"jdbc:(?:tc:)?(postgresql|mysql|mariadb|h2|hsqldb|sqlite)\b|db-kind\s*[=:]\s*(\w+)"),
    "given": re.compile(
        r"(?:datasource|jdbc)(?:\.\w+)*\.url\s*[=:]\s*\$\{[\w.]+\}\s*$|^\s+(?:jdbc-)?url:\s*[\"']?\$\{[\w.]+\}[\"']?\s*$"
    ),
    "embedded": re.compile(r"^\s*database\s*=\s*(h2|hsqldb)\b"),
    "required": re.compile(r"\$\{([A-Z][A-Z0-9_]{2,})\}"),
    "health": re.compile(r"management\.endpoints\.web\.base-path\s*[=:]\s*(\S+)"),
}


@dataclass
class Facts:
    """source, settings: lines that the patterns fit, by their names."""

    source: dict[str, list[Hit]] = field(default_factory=dict)
    settings: dict[str, list[Hit]] = field(default_factory=dict)


def read(folder: Folder, project: Project) -> Facts:
    """Facts out of a module's sources and settings."""
    inside = f"{project.path}/" if project.path else ""
    sources = sorted(
        (file for file in folder.files
         if file.endswith(_SOURCES) and file.startswith(inside) and not _ASIDE.search(file)),
        key=lambda file: (file.count("/"), file),
    )  # fmt: skip
    settings = (
        file for file in folder.files if _SETTINGS.search(file) and file.startswith(inside) and "/test/" not in file
    )
    return Facts(scan(folder, sources, _PATTERNS), scan(folder, settings, _CONFIGURED, comments=("#", "//")))


def kind(
    folder: Folder, project: Project, framework: str | None, facts: Facts, *, alone: bool = True
) -> tuple[str, Spot, float]:
    """What it is, where that shows, and how surely. alone: whether a program is what the build is for;
    a `main` beside libraries is a tool or example of theirs."""
    main = next(((hit.file, hit.line) for hit in facts.source["main"]), project.main)
    listens = next(((hit.file, hit.line) for hit in facts.source["listens"]), None)
    spot: Spot = (project.file, None)
    brings = (framework and project.uses(*FRAMEWORKS[framework])) or spot
    if framework == "spring-boot" and main and project.dependencies and not project.uses(*frameworks.SPRING_WEB):
        return _idle(project, brings, 0.6)
    if project.packaging == "war" or (framework and (main or framework in {"play", "quarkus", "grails"})):
        return "web", brings, 0.95
    if listens and main:
        return "web", listens, 0.85
    if main and alone:
        return _idle(project, main, 0.5)
    if bot := project.uses(*frameworks.BOTS):
        return "worker", bot, 0.7
    return _unstarted(folder, project, brings)


def _unstarted(folder: Folder, project: Project, brings: Spot) -> tuple[str, Spot, float]:
    """What no program was seen of: still one where a framework packages it or an image is made of it; libraries are
    not run in containers."""
    if _packaged(project):
        return "web", brings, 0.8
    image = folder.first("Dockerfile", project.inside("Dockerfile"))
    return ("web", (image, None), 0.45) if image else ("library", (project.file, None), 0.8)


def _packaged(project: Project) -> bool:
    """Whether the build makes a web application of it, though no program was seen."""
    plugins = ("org.springframework.boot:spring-boot-maven-plugin", "org.springframework.boot")
    return any(each in project.plugins for each in plugins) and project.uses(*frameworks.SPRING_WEB) is not None


def _idle(project: Project, spot: Spot, sure: float) -> tuple[str, Spot, float]:
    if commands := project.uses(*frameworks.COMMANDS):
        return "cli", commands, 0.85
    if consumer := project.uses(*frameworks.CONSUMERS):
        return "worker", consumer, 0.85
    return "web", spot, sure


def addresses(notes: Notes, project: Project, framework: str | None, facts: Facts) -> None:
    """`port` and `health_path`."""
    settings = port(hit for hit in facts.settings["port"] if ports.own(ports.number(hit.value)))
    if settings:
        notes.declared("port", int(settings.value), settings.file, settings.line)
    elif framework not in {"spring-boot", "quarkus", "micronaut", "play"} and (hit := port(facts.source["port"])):
        notes.code("port", int(hit.value), hit.file, hit.line)
    elif framework in frameworks.PORTS:
        spot = project.uses(*FRAMEWORKS[framework]) or (project.file, None)
        notes.usual("port", frameworks.PORTS[framework], *spot, note=f"{framework}'s own")
    elif framework or facts.source["listens"]:
        notes.guess("port", 8080, project.file, note="usual for Java")
    for hit in healthiest(facts.source["health"]):
        notes.code("health_path", hit.value, hit.file, hit.line)
    dependency, path = frameworks.HEALTH.get(framework or "", ("", ""))
    if dependency and (at := project.uses(dependency)):
        base = next((hit.value for hit in facts.settings["health"]), None)
        notes.declared("health_path", f"{base.rstrip('/')}/health" if base else path, *at, note=dependency)


def needs(notes: Notes, project: Project, facts: Facts) -> None:
    """Databases that a driver and the settings ask for; one that an embedded database stands in for is none."""
    named = [hit.value for hit in (*facts.settings["database"], *facts.settings["embedded"])]
    carried = project.uses(*frameworks.EMBEDDED) is not None and not facts.settings["given"]
    drivers = {}
    for need, prefixes in frameworks.DRIVERS.items():
        spot = project.uses(*prefixes)
        if spot is None:
            continue
        said = {"postgres": {"postgresql"}, "mysql": {"mysql", "mariadb"}}.get(need)
        if said and (not said.intersection(named) if named else carried):
            continue
        drivers[prefixes[0]] = spot
    notes.needs(drivers, {need: prefixes[:1] for need, prefixes in frameworks.DRIVERS.items()})
    for hit in {hit.value: hit for hit in reversed(facts.settings["required"])}.values():
        if hit.value not in {"PORT", "DATABASE_URL", "HOSTNAME", "HOME"}:
            notes.code("env_required", hit.value, hit.file, hit.line, sure=0.8)
