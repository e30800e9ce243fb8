"""What Django's own files say: the project's WSGI module, migrations, static files."""

from __future__ import annotations

import re
from dataclasses import replace

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.source import Application, PythonCode
from hivemind.detections.detection import Detection, Precedence

_ASIDE = re.compile(r"(?:^|/)(?:test\w*|examples?|demos?|samples?|sandbox|docs?|playground|\w*_?(?:test|example|demo)_?"
                    r"(?:project|app)|project_template)(?:/|$)", re.IGNORECASE)  # fmt: skip
"""Folders of projects that reusable applications are tried out with."""


def home(folder: Folder) -> str | None:
    """The folder of the project, where that lies below: manage.py looks for modules beside itself."""
    if folder.has("manage.py"):
        return None
    found = [file for file in folder.files if file.endswith("/manage.py") and file.count("/") <= 2]
    found = [file for file in found if not _ASIDE.search(file)]
    return found[0].rpartition("/")[0] if len(found) == 1 else None


def is_project(folder: Folder) -> bool:
    """Whether this is a project of Django's, and no application that others put into theirs: `startproject` alone
    makes a manage.py and a wsgi.py."""
    if folder.has("manage.py"):
        return True
    inside = home(folder)
    made = ("wsgi.py", "asgi.py")
    return inside is not None and any(
        file.startswith(f"{inside}/") and file.endswith(made) and not _ASIDE.search(file) for file in folder.files
    )


def application(folder: Folder, source: PythonCode) -> Application | None:
    """The project's WSGI application: the one next to the settings that manage.py names."""
    found = [each for each in source.applications if each.framework == "django"]
    wsgi = [each for each in found if each.file.endswith("wsgi.py")] or found
    package = _settings_package(folder)
    preferred = [each for each in wsgi if package and f"{each.module}.".startswith(f"{package}.")]
    beside = folder.first(f"{package.replace('.', '/')}/wsgi.py") if package and not preferred else None
    if beside:  # a project whose name is one that sources are passed over by, such as `example`
        return Application("django", f"{package}.wsgi", "application", beside, folder.line(beside, "^application") or 1)
    return _outermost(next(iter(preferred or wsgi), None), source)


def _outermost(chosen: Application | None, source: PythonCode) -> Application | None:
    """The `application` of its file, where Django's own is a part of it; what asgi.py holds speaks ASGI."""
    if chosen is None or not chosen.file.endswith("asgi.py"):
        return chosen
    within = [each for each in source.applications if each.file == chosen.file and each.name == "application"]
    return replace(next(iter(within), chosen), framework="django-asgi")


def settings_file(folder: Folder) -> str | None:
    """The settings that manage.py uses, else the first settings.py."""
    module = _settings_module(folder)
    if module:
        path = module.replace(".", "/")
        if named := folder.first(f"{path}.py", f"{path}/__init__.py"):
            return named
    return next((file for file in folder.sources(".py") if file.endswith("settings.py")), None)


def detect(folder: Folder) -> list[Detection]:
    """Release and build commands, for a project with a manage.py."""
    manage = _manage(folder)
    if not folder.has(manage):
        return []
    found = [
        folder.found(
            "release",
            f"python {manage} migrate --noinput",
            manage,
            precedence=Precedence.CONVENTION,
            note="Django",
            language="python",
        )
    ]
    settings = [file for file in folder.sources(".py") if "settings" in file.rsplit("/", 2)[-1] or "/settings/" in file]
    for file in settings:
        if (line := folder.line(file, r"^\s*STATIC_ROOT\s*[:=]")) is not None:
            found.append(
                folder.found(
                    "build",
                    f"python {manage} collectstatic --noinput",
                    file,
                    line,
                    precedence=Precedence.CONVENTION,
                    note="STATIC_ROOT",
                    language="python",
                )
            )
            break
    return found


def _settings_module(folder: Folder) -> str | None:
    match = re.search(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']", folder.text(_manage(folder)) or "")
    if match is None:
        return None
    inside = home(folder)
    return f"{inside.replace('/', '.')}.{match[1]}" if inside else match[1]


def _manage(folder: Folder) -> str:
    inside = home(folder)
    return f"{inside}/manage.py" if inside else "manage.py"


def _settings_package(folder: Folder) -> str | None:
    module, inside = _settings_module(folder), home(folder)
    depth = 1 + (inside.count("/") + 1 if inside else 0)
    return ".".join(module.split(".")[:depth]) if module else None
