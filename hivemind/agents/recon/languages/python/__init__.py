"""Python applications."""

from __future__ import annotations

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import (
    assets,
    conda,
    dialects,
    django,
    django_databases,
    django_settings,
    django_static,
    dotenv_files,
    hosts,
    kinds,
    migrations,
    needs,
    pages,
    serving,
    versions,
)
from hivemind.agents.recon.languages.python import dependencies as manifests
from hivemind.agents.recon.languages.python import source as sources
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.frameworks import CLIENTS_TOO, FRAMEWORKS
from hivemind.agents.recon.languages.python.source import PythonCode
from hivemind.detections.detection import Detection, Precedence
from hivemind.text.file_formats import table

LANGUAGE = "python"


def detect(folder: Folder) -> list[Detection]:
    """Everything that the Python part of a folder tells; nothing where there is none."""
    dependencies = manifests.read(folder)
    if dependencies.manifest is None and not folder.top(".py") and not folder.has("pyproject.toml"):
        return []
    if _is_around_others(folder, dependencies):
        return []
    source = sources.read(folder)
    chosen = _framework(folder, dependencies, source)
    found = [*versions.detect(folder), *conda.detect(folder, dependencies.manager)]
    if dependencies.manifest:
        found.append(
            folder.found("package_manager", dependencies.manager, dependencies.evidence or dependencies.manifest,
                         language=LANGUAGE)
        )  # fmt: skip
    if built := pages.detect(folder, dependencies, serves=chosen is not None):
        return found + built
    if kinds.is_library(folder):
        chosen = None
    name = str(chosen.value) if chosen else None
    served = serving.detect(folder, dependencies, source, name) if name or not kinds.is_library(folder) else []
    found += [chosen] if chosen else []
    found += served
    if name == "django":
        found += [*django.detect(folder), *django_settings.detect(folder, source), *hosts.detect(folder, source)]
    else:
        found += [*migrations.detect(folder, dependencies, source), *dialects.detect(folder, dependencies)]
        found += dotenv_files.detect(folder)
    found += assets.detect(folder, found)
    settings = django_settings.files(folder, source) if name == "django" else []
    found += (
        [*django_static.detect(folder, dependencies, settings), *dialects.asked(folder, settings)] if settings else []
    )
    found += django_databases.detect(folder, settings)
    found += needs.detect(folder, dependencies, source, settings)
    start = next((each for each in served if each.field == "start"), None)
    is_served = chosen is not None and (start is not None or not kinds.is_packaged(folder))
    return found + kinds.detect(folder, dependencies, source, start, serves=is_served)


def _is_around_others(folder: Folder, dependencies: Dependencies) -> bool:
    """Whether a folder only holds the members of a workspace together: a pyproject.toml without a project of its own
    (uv, "Virtual projects", "Using workspaces")."""
    file = folder.toml("pyproject.toml")
    others = table(file, "tool", "uv", "workspace").get("members")
    own = (
        table(file, "project") or table(file, "tool", "poetry") or dependencies.manifest not in {None, "pyproject.toml"}
    )
    return bool(others) and not own and not folder.top(".py")


def _framework(folder: Folder, dependencies: Dependencies, source: PythonCode) -> Detection | None:
    """The weightiest framework in the dependencies; of those that clients use too, the one that code serves with."""
    for name, framework in FRAMEWORKS.items():
        if dependencies.asks_for(name) and (name not in CLIENTS_TOO or _serves_with(name, source)):
            file, line = dependencies.names[name]
            return Detection("framework", framework.name, file, line, Precedence.DECLARED, 1.0, None, LANGUAGE)
    for name, framework in FRAMEWORKS.items():
        module = {"python-fasthtml": "fasthtml", "web-py": "web", "google-adk": "google.adk"}.get(name, name)
        if module in source.imports and name not in CLIENTS_TOO and not kinds.is_packaged(folder):
            file, line = source.imports[module]
            return folder.found(
                "framework", framework.name, file, line,
                precedence=Precedence.CODE, confidence=0.9, note="import", language=LANGUAGE,
            )  # fmt: skip
    return None


def _serves_with(name: str, source: PythonCode) -> bool:
    return any(each.framework == name for each in source.applications) or (
        name in source.imports and (bool(source.runs) or bool(source.ports))
    )
