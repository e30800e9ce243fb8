"""How a Python application is installed and started, on which port, and where its health can be asked."""

from __future__ import annotations

import re
from dataclasses import replace

from hivemind.agents.recon import ports
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import django, kinds, listening, servers
from hivemind.agents.recon.languages.python import source as sources
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.frameworks import FRAMEWORKS, NO_PORT
from hivemind.agents.recon.languages.python.source import Application, PythonCode, Route
from hivemind.detections.detection import Detection, Precedence

_AT_THE_TOP = r"\.mount\(\s*[\"'][\"'/]"
HEALTH = re.compile(
    r"^/(api/)?(-/)?(v\d/)?(health|healthz|healthcheck|health-check|_health|livez|alive|up|ping|status)/?$"
)
_BY_NAME = {framework.name: framework for framework in reversed(tuple(FRAMEWORKS.values()))}


def detect(folder: Folder, dependencies: Dependencies, source: PythonCode, framework: str | None) -> list[Detection]:
    """`install`, `start`, `port` and `health_path`."""
    found: list[Detection] = []
    install, note = dependencies.install, None
    application = _application(folder, source, framework)
    if application:
        server = servers.choose(application, dependencies, _home(folder, source, application))
        found.append(_start(folder, server.start, application.file, application.line))
        if server.added:
            missing = dependencies.manifest or "the repository"
            note = f"HiveMind adds {server.name}: no server"
            install = (
                f"{install or 'pip install'} {server.name}"
                if _is_pip(install)
                else f"{install} && pip install {server.name}"
            )
            found.append(
                folder.found(
                    "install", install, missing, precedence=Precedence.CONVENTION, note=note, language="python"
                )
            )
    elif framework and (script := _script(folder, source, framework)):
        found.append(script)
    if install and note is None:
        found.append(folder.found("install", install, dependencies.manifest or "", language="python"))
    return found + _port(folder, source, framework) + _health(folder, source)


def _is_pip(install: str | None) -> bool:
    return install is None or install.startswith("pip install")


def _application(folder: Folder, source: PythonCode, framework: str | None) -> Application | None:
    """The application object to serve: the framework's, an object before a factory, the shallowest file first."""
    if framework == "django":
        return django.application(folder, source)
    candidates = [each for each in (*source.applications, *_passed_on(source)) if each.framework != "django"]
    if framework in _OF_THEIR_OWN or (framework in _BY_NAME and _BY_NAME[framework].start):
        return None

    def rank(each: Application) -> tuple[int, bool, bool, int, int, str]:
        stem = each.module.rpartition(".")[2]
        return (
            0 if each.framework in {framework, ""} else 1,
            each.is_factory,
            _BESIDE.search(stem) is not None,
            each.file.count("/"),
            _ENTRIES.index(stem) if stem in _ENTRIES else len(_ENTRIES),
            each.file,
        )

    best = min(candidates, key=rank, default=None)
    made = best is not None and not best.framework  # by a function of its own: what is made is the framework's
    return replace(best, framework=framework) if best and made and framework else best


def _home(folder: Folder, source: PythonCode, application: Application) -> str | None:
    """The folder that the application's modules are found in: that of Django's manage.py, or `src` where the code names
    what is in there without it."""
    if application.framework.startswith("django"):
        return django.home(folder)
    first, _, rest = application.module.partition(".")
    inside = first == "src" and rest.partition(".")[0] in source.imports and "src" not in source.imports
    return first if inside and not folder.has("src/__init__.py") else None


def _passed_on(source: PythonCode) -> list[Application]:
    """Applications that a file made for servers imports whole, with all that belongs to them: `from shop import app`
    in wsgi.py."""
    known = {(each.module, each.name): each.framework for each in source.applications if not each.is_factory}
    found: dict[tuple[str, str], Application] = {}
    for _ in range(_PASSES):
        for each in source.taken:
            key = sources.module_of(each.file), each.called
            framework = known.get((each.module, each.name))
            if framework is None or key in known or each.file in source.starting:
                continue
            known[key] = framework
            found[key] = Application(framework, *key, each.file, each.line)
    return [each for each in found.values() if each.module.rpartition(".")[2] in _ENTRIES]


_ENTRIES = ("wsgi", "asgi", "app", "main", "application", "server", "api", "run", "web", "startup", "index")
"""Names of files that hold what is to be served, the most telling first."""
_PASSES = 3
"""How many files an application is followed through."""
_BESIDE = re.compile(r"^tests?(?:_|$)|_tests?$|celery|worker|tasks?$|manage|shell|fixtures|conftest|seed|cron|cli$")
"""Modules that make the application for a program beside the one that serves."""
_OF_THEIR_OWN = frozenset(
    {"tornado", "aiohttp", "gradio", "cherrypy", "nicegui", "robyn", "sanic", "web.py", "twisted", "grpc", "datasette",
     "mlflow", "fastmcp", "python-fasthtml", "masonite"}
)  # fmt: skip
"""Frameworks whose programs open their port themselves."""


def _start(folder: Folder, start: str, file: str, line: int | None, confidence: float = 0.9) -> Detection:
    return folder.found(
        "start", start, file, line, precedence=Precedence.CONVENTION, confidence=confidence, language="python"
    )


def _script(folder: Folder, source: PythonCode, framework: str) -> Detection | None:
    """Frameworks that bring their own server are started by their own script."""
    own = _BY_NAME[framework].start if framework in _BY_NAME else None
    file = kinds.script(folder, source)
    if own:
        script = folder.first(f"{framework}_app.py") or (file[0] if file else None)
        if script is None and "{file}" in own:
            return None
        return _start(folder, own.format(file=script), script or next(iter(folder.files)), None)
    usual = [each for each in source.runs if each[0] in kinds.SCRIPTS] or source.runs
    if usual:
        return _start(folder, kinds.command(folder, usual[0][0]), *usual[0], 0.7)
    does = file is not None and (file[1] is not None or file[0] in source.acting)
    return _start(folder, kinds.command(folder, file[0]), *file, 0.55) if file and does else None


def _port(folder: Folder, source: PythonCode, framework: str | None) -> list[Detection]:
    found = []
    if config := _gunicorn(folder):
        line = folder.line(config, r"^\s*(bind|port)\s*=.*\d{2,5}")
        text = (folder.text(config) or "").splitlines()[line - 1] if line else ""
        if numbers := re.findall(r"(?<![\d.])(\d{2,5})(?![\d.])", text):
            found.append(folder.found("port", int(numbers[-1]), config, line, language="python"))
    found += _of_environment(folder, source)
    for file, line in source.runs if framework in _OF_THEIR_OWN else ():
        if number := listening.port(folder.text(file) or ""):
            found.append(
                folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.85, language="python")
            )
    if source.ports and framework not in {None, "django"}:
        number, file, line = source.ports[0]
        found.append(
            folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.8, language="python")
        )
    if framework in _BY_NAME:
        evidence = folder.first("requirements.txt", "pyproject.toml") or next(iter(folder.files))
        found.append(
            folder.found(
                "port", _BY_NAME[framework].port, evidence,
                precedence=Precedence.DOCUMENTED if framework in NO_PORT else Precedence.CONVENTION,
                confidence=0.4 if framework in NO_PORT else 0.6, note=f"usual for {framework}", language="python",
            )
        )  # fmt: skip
    return found


def _gunicorn(folder: Folder) -> str | None:
    """Gunicorn's settings: `gunicorn.conf.py`, which it reads by itself (its documentation, "Settings"), else a file
    that it is pointed to."""
    named = re.compile(r"(?:(?:\w+/){0,2})gunicorn(?:[._](?:conf|config|cfg))?\.py")
    found = [file for file in folder.files if named.fullmatch(file)]
    return min(found, key=lambda file: (file != "gunicorn.conf.py", file.count("/"), file), default=None)


def _of_environment(folder: Folder, source: PythonCode) -> list[Detection]:
    """The default with which PORT is read."""
    for read in source.reads:
        number = ports.number((read.default or "").strip("\"'")) if read.name == "PORT" else None
        if number:
            spot = read.file, read.line
            return [folder.found("port", number, *spot, precedence=Precedence.CODE, language="python")]
    return []


def _health(folder: Folder, source: PythonCode) -> list[Detection]:
    """Routes that are there for this, by their path or by the name of what answers; those of routers only where nothing
    puts a prefix before them, those of Django's modules under what `include` puts before them."""
    routes = [
        (path, each)
        for each in source.routes
        if (each.certain or not source.prefixed or _is_plain(source, each))
        and (path := _included(source, each))
        and _is_health(path, each)
    ]
    best = min(routes, key=_preferred, default=None)
    if best is None:
        return _own_page(folder, source)
    path, route = best
    return [folder.found("health_path", path, route.file, route.line, precedence=Precedence.CODE, language="python")]


def _is_plain(source: PythonCode, route: Route) -> bool:
    """Whether a route of a router has no prefix, by where that is taken up."""
    return route.file not in source.prefixed and sources.module_of(route.file).rpartition(".")[2] in source.plain


def _own_page(folder: Folder, source: PythonCode) -> list[Detection]:
    """The page that FastAPI makes of itself (FastAPI, "Metadata and Docs URLs"), where nothing answers under /."""
    made = next((each for each in source.applications if each.framework == "fastapi"), None)
    tops = [each for each in source.routes if each.path == "/"]
    if (
        made is None
        or source.hides_docs
        or any(each.certain or "" in source.plain or _is_plain(source, each) for each in tops)
    ):
        return []
    if any(folder.line(file, _AT_THE_TOP) for file in folder.sources(".py", most=400)):
        return []
    return [
        folder.found(
            "health_path", "/docs", made.file, made.line, precedence=Precedence.CONVENTION, confidence=0.6,
            note="FastAPI's own page", language="python",
        )
    ]  # fmt: skip


def _is_health(path: str, route: Route) -> bool:
    return HEALTH.match(path) is not None or (route.tells_health and re.fullmatch(r"(?:/[\w.-]+)+/?", path) is not None)


def _preferred(found: tuple[str, Route]) -> tuple[bool, int, str]:
    path, route = found
    return ("health" not in path, route.file.count("/"), route.file)


def _included(source: PythonCode, route: Route) -> str:
    """A route's path with what Django's `include` of its module puts before it."""
    module = sources.module_of(route.file)
    if route.within and (prefix := source.listed.get((route.file, route.within))) is not None:
        route = replace(route, path="/" + prefix.lstrip("/") + route.path.lstrip("/"), within=None)
    for name, prefix in source.included.items():
        if module == name or module.endswith(f".{name}"):
            return "/" + prefix.lstrip("/") + route.path.lstrip("/") if prefix else route.path
    return route.path
