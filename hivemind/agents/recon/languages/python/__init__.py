"""Python applications."""

from __future__ import annotations

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import assets, django, needs, serving, versions
from hivemind.agents.recon.languages.python import dependencies as manifests
from hivemind.agents.recon.languages.python import source as sources
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.source import Source
from hivemind.detection import Detection, Precedence

LANGUAGE = "python"
FRAMEWORKS = (
    "django", "flask", "fastapi", "starlette", "quart", "sanic", "litestar", "falcon", "bottle", "pyramid", "tornado",
    "aiohttp", "streamlit", "gradio", "dash", "cherrypy", "blacksheep", "robyn", "python-fasthtml",
    "masonite", "nicegui",
)  # fmt: skip
"""In order of weight: an application that depends on several is one of the first."""


def detect(folder: Folder) -> list[Detection]:
    """Everything that the Python part of a folder tells; nothing where there is none."""
    dependencies = manifests.read(folder)
    if dependencies.manifest is None and not any(file.endswith(".py") and "/" not in file for file in folder.files):
        return []
    source = sources.read(folder)
    framework = _framework(folder, dependencies, source)
    found = [*versions.detect(folder)]
    if framework:
        found.append(framework)
    if dependencies.manifest:
        found.append(folder.found("package_manager", dependencies.manager, dependencies.manifest, language=LANGUAGE))
    served = serving.detect(folder, dependencies, source, str(framework.value) if framework else None)
    found += served
    found += django.detect(folder) if framework and framework.value == "django" else []
    found += assets.detect(folder, found)
    found += needs.detect(folder, dependencies, source)
    found += _kind(folder, dependencies, serves=bool(framework) or any(each.field == "start" for each in served))
    return found


def _framework(folder: Folder, dependencies: Dependencies, source: Source) -> Detection | None:
    for name in FRAMEWORKS:
        if name in dependencies.names:
            file, line = dependencies.names[name]
            return Detection("framework", name, file, line, Precedence.DECLARED, 1.0, None, LANGUAGE)
    for name in FRAMEWORKS:
        if name in source.imports:
            file, line = source.imports[name]
            return folder.found(
                "framework",
                name,
                file,
                line,
                precedence=Precedence.CODE,
                confidence=0.9,
                note="import",
                language=LANGUAGE,
            )
    return None


def _kind(folder: Folder, dependencies: Dependencies, *, serves: bool) -> list[Detection]:
    """What sort of thing it is, and how sure Python is to be its language."""
    evidence = dependencies.manifest or next(file for file in folder.files if file.endswith(".py"))
    if serves:
        kind, sure = folder.found("kind", "web", evidence, precedence=Precedence.CODE, language=LANGUAGE), 0.95
    else:
        project = folder.toml("pyproject.toml")
        scripts = project.get("project", {}).get("scripts") or project.get("tool", {}).get("poetry", {}).get("scripts")
        name, line = ("cli", folder.line("pyproject.toml", r"scripts\]")) if scripts else ("library", None)
        packaged = bool(scripts) or "build-system" in project or folder.has("setup.py")
        kind = folder.found(
            "kind",
            name if packaged else "script",
            evidence,
            line,
            precedence=Precedence.CONVENTION,
            confidence=0.7,
            language=LANGUAGE,
        )
        sure = 0.7 if dependencies.manifest else 0.4
    return [kind, folder.found("language", LANGUAGE, evidence, confidence=sure, language=LANGUAGE)]
