"""Start commands for Python applications by the server that is in their dependencies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.source import Application

ASGI = frozenset({"fastapi", "starlette", "quart", "litestar", "blacksheep", "asgi", "fasthtml", "django-asgi"})
"""Frameworks whose applications need an ASGI server; the others speak WSGI."""


@dataclass(frozen=True)
class Server:
    """start: the command. name: the server's distribution. added: whether it is in no manifest."""

    start: str
    name: str
    added: bool = False


def choose(application: Application, dependencies: Dependencies, home: str | None = None) -> Server:
    """The command that serves `application`: with the server it depends on, else with a stated addition. home: the
    folder that its modules are found in, where that is not the application's own.

    uWSGI is none of them: it embeds the Python of the machine that builds it, which instances don't have.
    """
    if home and application.module.startswith(prefix := home.replace("/", ".") + "."):
        within = replace(application, module=application.module.removeprefix(prefix))
        made = choose(within, dependencies)
        return replace(made, start=f"cd {home} && {made.start}")
    asgi = application.framework in ASGI
    for name in ("uvicorn", "hypercorn", "daphne", "granian") if asgi else ("gunicorn", "waitress", "granian"):
        if dependencies.has(name):
            return Server(_command(name, application, asgi=asgi, dependencies=dependencies), name)
    if asgi and "standard" in dependencies.extras.get("fastapi", ()):
        return Server(_command("uvicorn", application, asgi=True, dependencies=dependencies), "uvicorn")
    name = "uvicorn" if asgi else "gunicorn"
    return Server(_command(name, application, asgi=asgi, dependencies=dependencies), name, added=True)


def _command(name: str, application: Application, *, asgi: bool, dependencies: Dependencies) -> str:
    target = f"{application.module}:{application.name}"
    call = application.is_factory
    called = f"'{target}()'" if call else target
    factory = " --factory" if call else ""
    if name == "uvicorn" and dependencies.has("gunicorn") and not call:
        return f"gunicorn {target} --worker-class uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT"
    return {
        "gunicorn": f"gunicorn {called} --bind 0.0.0.0:$PORT",
        "uvicorn": f"uvicorn {target} --host 0.0.0.0 --port $PORT{factory}",
        "hypercorn": f"hypercorn {called} --bind 0.0.0.0:$PORT",
        "daphne": f"daphne --bind 0.0.0.0 --port $PORT {target}",
        "granian": f"granian --interface {'asgi' if asgi else 'wsgi'} --host 0.0.0.0 --port $PORT {target}{factory}",
        "waitress": f"waitress-serve --listen=0.0.0.0:$PORT {'--call ' if call else ''}{target}",
    }[name]
