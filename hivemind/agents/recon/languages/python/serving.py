"""How a Python application is installed and started, on which port, and where its health can be asked."""

from __future__ import annotations

import re

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import django, servers
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.source import Application, Source
from hivemind.detection import Detection, Precedence

HEALTH = re.compile(
    r"^/(api/)?(-/)?(v\d/)?(health|healthz|healthcheck|health-check|_health|livez|alive|up|ping|status)/?$"
)
_PORTS = {"streamlit": 8501, "gradio": 7860}
DEFAULT_PORT = 8000


def detect(folder: Folder, dependencies: Dependencies, source: Source, framework: str | None) -> list[Detection]:
    """`install`, `start`, `port` and `health_path`."""
    found: list[Detection] = []
    install, note = dependencies.install, None
    application = _application(folder, source, framework)
    if application:
        server = servers.choose(application, dependencies)
        found.append(_start(folder, server.start, application.file, application.line))
        if server.added:
            missing = dependencies.manifest or "the repository"
            note = f"{server.name} added by HiveMind: no server"
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


def _application(folder: Folder, source: Source, framework: str | None) -> Application | None:
    """The application object to serve: the framework's, an object before a factory, the shallowest file first."""
    if framework == "django":
        return django.application(folder, source)
    usual = ("wsgi", "asgi", "app", "main", "application", "server", "api", "run", "web")
    candidates = [each for each in source.applications if each.framework != "django"]
    if framework in {"tornado", "aiohttp", "streamlit", "gradio", "cherrypy", "nicegui", "robyn", "sanic"}:
        return None

    def rank(each: Application) -> tuple[int, int, int, int, str]:
        stem = each.module.rpartition(".")[2]
        return (
            0 if each.framework in {framework, ""} else 1,
            each.is_factory,
            each.file.count("/"),
            usual.index(stem) if stem in usual else len(usual),
            each.file,
        )

    return min(candidates, key=rank, default=None)


def _start(folder: Folder, start: str, file: str, line: int | None, confidence: float = 0.9) -> Detection:
    return folder.found(
        "start", start, file, line, precedence=Precedence.CONVENTION, confidence=confidence, language="python"
    )


def _script(folder: Folder, source: Source, framework: str) -> Detection | None:
    """Frameworks that bring their own server are started by their own script."""
    usual = (
        "main.py",
        "app.py",
        "server.py",
        "run.py",
        "web.py",
        "streamlit_app.py",
        "bot.py",
        "src/main.py",
        "src/app.py",
    )
    if framework == "streamlit":
        script = next((file for file in ("streamlit_app.py", *usual) if folder.has(file)), None)
        command = f"streamlit run {script} --server.port $PORT --server.address 0.0.0.0 --server.headless true"
        return _start(folder, command, script, None) if script else None
    runs = [(file, line) for file, line in source.runs if file in usual] or source.runs
    if runs:
        file, line = runs[0]
        return _start(folder, f"python {file}", file, line, 0.7)
    script = folder.first(*usual)
    return _start(folder, f"python {script}", script, None, 0.5) if script else None


def _port(folder: Folder, source: Source, framework: str | None) -> list[Detection]:
    found = []
    if (config := folder.first("gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py")) and (
        match := re.search(r"^bind\s*=\s*[\"'][^\"'{]*:(\d+)[\"']", folder.text(config) or "", re.MULTILINE)
    ):
        line = folder.line(config, r"^bind\s*=")
        found.append(folder.found("port", int(match[1]), config, line, language="python"))
    if source.ports and framework not in {None, "django"}:
        number, file, line = source.ports[0]
        found.append(
            folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.8, language="python")
        )
    if framework in _PORTS:
        evidence = folder.first("requirements.txt", "pyproject.toml") or next(iter(folder.files))
        found.append(
            folder.found(
                "port", _PORTS[framework], evidence, precedence=Precedence.CONVENTION, note=framework, language="python"
            )
        )
    return found


def _health(folder: Folder, source: Source) -> list[Detection]:
    """Routes that are there for this; those of routers only where nothing puts a prefix before them."""
    routes = [each for each in source.routes if HEALTH.match(each.path) and (each.certain or not source.prefixed)]
    best = min(
        routes, key=lambda each: (not each.path.startswith("/health"), each.file.count("/"), each.file), default=None
    )
    if best is None:
        return []
    return [folder.found("health_path", best.path, best.file, best.line, precedence=Precedence.CODE, language="python")]
