"""What Django's own files say: the project's WSGI module, migrations, static files."""

from __future__ import annotations

import re
from dataclasses import replace

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.source import Application, Source
from hivemind.detection import Detection, Precedence


def application(folder: Folder, source: Source) -> Application | None:
    """The project's WSGI application: the one next to the settings that manage.py names."""
    found = [each for each in source.applications if each.framework == "django"]
    wsgi = [each for each in found if each.file.endswith("wsgi.py")] or found
    package = _settings_package(folder)
    preferred = [each for each in wsgi if package and each.module.split(".")[0] == package]
    beside = folder.first(f"{package}/wsgi.py") if package and not preferred else None
    if beside:  # a project whose name is one that sources are passed over by, such as `example`
        return Application("django", f"{package}.wsgi", "application", beside, folder.line(beside, "^application") or 1)
    return _outermost(next(iter(preferred or wsgi), None), source)


def _outermost(chosen: Application | None, source: Source) -> Application | None:
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
    if not folder.has("manage.py"):
        return []
    found = [
        folder.found(
            "release",
            "python manage.py migrate --noinput",
            "manage.py",
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
                    "python manage.py collectstatic --noinput",
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
    match = re.search(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']", folder.text("manage.py") or "")
    return match[1] if match else None


def _settings_package(folder: Folder) -> str | None:
    module = _settings_module(folder)
    return module.split(".")[0] if module else None
