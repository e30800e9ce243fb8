"""Start commands for Python applications by the server that is in their dependencies."""

from __future__ import annotations

from dataclasses import dataclass

from hivemind.agents.recon.python.dependencies import Dependencies
from hivemind.agents.recon.python.source import Application

ASGI = frozenset({"fastapi", "starlette", "quart", "litestar", "blacksheep", "asgi", "fasthtml", "django-asgi"})
"""Frameworks whose applications need an ASGI server; the others speak WSGI."""


@dataclass(frozen=True)
class Server:
    """start: the command. name: the server's distribution. added: whether it is in no manifest."""

    start: str
    name: str
    added: bool = False


def choose(application: Application, dependencies: Dependencies) -> Server:
    """The command that serves `application`: with the server it depends on, else with a stated addition."""
    asgi = application.framework in ASGI
    for name in ("uvicorn", "hypercorn", "daphne", "granian") if asgi else ("gunicorn", "uwsgi", "waitress", "granian"):
        if dependencies.has(name):
            return Server(_command(name, application, asgi=asgi, dependencies=dependencies), name)
    if asgi and "standard" in dependencies.extras.get("fastapi", ()):
        return Server(_command("uvicorn", application, asgi=True, dependencies=dependencies), "uvicorn")
    name = "uvicorn" if asgi else "gunicorn"
    return Server(_command(name, application, asgi=asgi, dependencies=dependencies), name, added=True)


def _command(name: str, application: Application, *, asgi: bool, dependencies: Dependencies) -> str:
    target = f"{application.module}:{application.name}"
    call = application.is_factory
    match name:
        case "uvicorn" if dependencies.has("gunicorn") and not call:
            return f"gunicorn {target} --worker-class uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT"
        case "uvicorn":
            return f"uvicorn {target} --host 0.0.0.0 --port $PORT" + (" --factory" if call else "")
        case "hypercorn":
            return f"hypercorn {_called(target, call)} --bind 0.0.0.0:$PORT"
        case "daphne":
            return f"daphne --bind 0.0.0.0 --port $PORT {target}"
        case "granian":
            interface = "asgi" if asgi else "wsgi"
            return f"granian --interface {interface} --host 0.0.0.0 --port $PORT {target}" + (" --factory" if call else "")
        case "waitress":
            return f"waitress-serve --listen=0.0.0.0:$PORT {'--call ' if call else ''}{target}"
        case "uwsgi":
            return f"uwsgi --http-socket 0.0.0.0:$PORT --master --die-on-term --module {_called(target, call)}"
        case _:
            return f"gunicorn {_called(target, call)} --bind 0.0.0.0:$PORT"


def _called(target: str, call: bool) -> str:  # noqa: FBT001
    return f"'{target}()'" if call else target
