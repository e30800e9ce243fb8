"""Which settings a Django project is served with.

"When you use Django, you have to tell it which settings you're using. Do this by using an environment variable,
DJANGO_SETTINGS_MODULE", which manage.py and wsgi.py set only where it is not set
(https://docs.djangoproject.com/en/stable/topics/settings/#designating-the-settings). Projects with settings for each
environment name those for production where they are deployed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind.agents.recon.evidence import dockerfile
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import django
from hivemind.agents.recon.languages.python.source import PythonCode, module_of
from hivemind.detections.detection import Detection, Precedence

VARIABLE = "DJANGO_SETTINGS_MODULE"
_SAID = re.compile(rf"{VARIABLE}[\"']?\s*[=:,\]]\s*=?\s*[\"']?([A-Za-z_][\w.]*)|--settings[= ]([A-Za-z_][\w.]*)")
_DEPLOYED = re.compile(
    r"(?:[\w.-]+/){0,3}(?:Procfile|fly\.toml|render\.yaml|app\.json|heroku\.yml|app\.ya?ml|apprunner\.yaml|railway\.json|"
    r"nixpacks\.toml|vercel\.json|manifest\.yml|[\w.-]*uwsgi[\w.-]*\.ini|uwsgi\.ya?ml|gunicorn[\w.-]*\.py|[\w.-]+\.service|"
    r"(?:docker-)?compose[\w.-]*prod[\w.-]*\.ya?ml|(?:docker-)?entrypoint[\w.-]*|start[\w.-]*\.sh|run[\w.-]*\.sh|"
    r"deploy[\w.-]*\.(?:sh|ya?ml))"
)
"""Files that say how a project is deployed."""
_DEVELOPMENT = re.compile(r"(?:^|[._])(?:dev|devel|develop|development|local|tests?|testing|ci|debug)$")
_PRODUCTION = ("production", "prod", "live", "deploy", "heroku", "docker")
_MOST, _LARGEST, _DEEPEST = 40, 100_000, 5


@dataclass(frozen=True)
class Settings:
    """module: as Python imports it from the folder of manage.py. path: its file. file, line: where that is said."""

    module: str
    path: str
    file: str
    line: int | None


def detect(folder: Folder, source: PythonCode) -> list[Detection]:
    """`env` where the settings of production are others than those of manage.py, which releases and builds run with; a
    `doubt` where some are there that nothing names."""
    served, usual = served_with(folder, source), _usual(folder)
    if served is None:
        return []
    if usual is None or usual.module != served.module:
        return [
            folder.found(
                "env", f"{VARIABLE}={served.module}", served.file, served.line, precedence=Precedence.CONTAINER,
                confidence=0.9, note="its settings for production", language="python",
            )
        ]  # fmt: skip
    other = _unnamed(folder, served) if _DEVELOPMENT.search(served.module) else None
    if other is None:
        return []
    message = f"the project runs with {served.module}, its settings for developers; nothing names {other}"
    help_ = f"Write `services.NAME.env: {{{VARIABLE}: {other}}}`."
    where = folder.in_repository(served.file)
    return [Detection("doubt", message, where, served.line or 1, Precedence.CODE, 0.9, help_)]


def served_with(folder: Folder, source: PythonCode) -> Settings | None:
    """The settings that files for production name, else those of the WSGI module, else those of manage.py."""
    named = [each for file in _files(folder) for each in _in(folder, file)]
    application = django.application(folder, source)
    if application and folder.has(application.file):
        named += _in(folder, application.file)
    plain = [each for each in named if not _DEVELOPMENT.search(each.module)]
    return next(iter([*plain, *named]), None) or _usual(folder)


def files(folder: Folder, source: PythonCode) -> list[str]:
    """The files of the settings that are served with, what they build on last; none where they are not found."""
    served = served_with(folder, source)
    return chain(folder, served.path) if served else []


def chain(folder: Folder, file: str) -> list[str]:
    """A settings file and those that it takes everything from, `from .base import *`."""
    found = [file]
    for each in found:
        if len(found) > _DEEPEST:
            break
        try:
            tree = ast.parse(folder.whole(each, limit=_LARGEST) or "")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
                other = imported(folder, each, statement)
                found += [other] if other and other not in found else []
    return found


def imported(folder: Folder, file: str, statement: ast.ImportFrom) -> str | None:
    """The file that a statement imports from, where it is one of the folder's."""
    above = module_of(file).split(".")
    if file.endswith("/__init__.py"):
        above.append("")
    inside = django.home(folder)
    base = above[: -statement.level] if statement.level else [*inside.split("/")] if inside else []
    path = "/".join([*base, *(statement.module or "").split(".")]).strip("/")
    return folder.first(f"{path}.py", f"{path}/__init__.py")


def _usual(folder: Folder) -> Settings | None:
    inside = django.home(folder)
    return next(_in(folder, f"{inside}/manage.py" if inside else "manage.py"), None)


def _files(folder: Folder) -> list[str]:
    """Files for production, those at the top first; the application's Dockerfile before all."""
    image = dockerfile.find(folder)
    found = [file for file in folder.files if _DEPLOYED.fullmatch(file) and file != image]
    found.sort(key=lambda file: (file.count("/"), "Procfile" not in file, file))
    return [*([image] if image else []), *found][:_MOST]


def _in(folder: Folder, file: str) -> Iterator[Settings]:
    """The settings that a file names and that are there."""
    inside = django.home(folder)
    for number, line in enumerate((folder.text(file, limit=_LARGEST) or "").splitlines(), 1):
        match = None if line.lstrip().startswith("#") or len(line) > 1000 else _SAID.search(line)
        if match is None:
            continue
        module = match[1] or match[2]
        path = "/".join([*([inside] if inside else []), *module.split(".")])
        if known := folder.first(f"{path}.py", f"{path}/__init__.py"):
            yield Settings(module, known, file, number)


def _unnamed(folder: Folder, served: Settings) -> str | None:
    """Settings for production beside those for developers."""
    package, _, _ = served.module.rpartition(".")
    place = served.path.rpartition("/")[0]
    for name in _PRODUCTION:
        if package and folder.has(f"{place}/{name}.py"):
            return f"{package}.{name}"
    return None
