"""The console that comes with an application's framework, by what Recon knows of it.

Sources: "django-admin and manage.py" (`shell`) in Django's documentation; "Command Line Interface" (`flask shell`,
`--app`) in Flask's; "REPL" in Node.js's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

_SERVERS = frozenset({"gunicorn", "waitress-serve", "uwsgi", "hypercorn"})
_SERVED = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*(?:\(\))?")
_SPLIT = re.compile(r"[\s=;&|'\"]+")


@dataclass(frozen=True)
class Console:
    """name: for people. command: for the shell, in the folder of the release; None for a plain shell."""

    name: str
    command: str | None


SHELL = Console("shell", None)


def console_of(framework: str | None, language: str, start: str | None, files: Iterable[str]) -> Console:
    """framework, language: of a service, in lower case, as Recon says them. start: its command. files: of its folder,
    relative to it."""
    if framework == "django":
        found = sorted((one for one in files if PurePosixPath(one).name == "manage.py"), key=lambda one: one.count("/"))
        return Console("Django shell", f"exec python {shlex.quote(found[0])} shell") if found else SHELL
    if framework == "flask":
        named = _app(start or "")
        return Console("Flask shell", f"exec python -m flask {f'--app {shlex.quote(named)} ' if named else ''}shell")
    return Console("Node.js", "exec node") if language == "node" else SHELL


def _app(start: str) -> str | None:
    """Where the application is, as `flask --app` takes it: from what the start command serves."""
    words = [one for one in _SPLIT.split(start) if one]
    for word, after in pairwise(words):
        if word in {"--app", "-A", "FLASK_APP"}:
            return after
    served = next((at for at, one in enumerate(words) if PurePosixPath(one).name in _SERVERS), None)
    if served is None:
        return None
    return next((one for one in words[served + 1 :] if _SERVED.fullmatch(one)), None)
