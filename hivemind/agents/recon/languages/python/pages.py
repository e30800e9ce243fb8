"""Sites that a Python tool builds, and a file server serves."""

from __future__ import annotations

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python import kinds
from hivemind.agents.recon.languages.python.dependencies import Dependencies
from hivemind.agents.recon.languages.python.frameworks import BUILDERS
from hivemind.agents.recon.weights import PAGES
from hivemind.detections.detection import Detection, Precedence

LANGUAGE = "python"
_COMMANDS = {
    "mkdocs": ("mkdocs.yml", "mkdocs build"),
    "pelican": ("pelicanconf.py", "pelican content"),
    "nikola": ("conf.py", "nikola build"),
}


def detect(folder: Folder, dependencies: Dependencies, *, serves: bool) -> list[Detection]:
    """`kind` static with build command and folder, where a site's own configuration is at the top; pages beside what
    others install are its documentation."""
    if serves or kinds.is_packaged(folder):
        return []
    for name, (file, command) in _COMMANDS.items():
        if folder.has(file) and (dependencies.has(name, f"{name}-material") or dependencies.manifest is None):
            return [
                folder.found("framework", name, file, language=LANGUAGE),
                folder.found("build", command, file, precedence=Precedence.CONVENTION, language=LANGUAGE),
                folder.found("kind", "static", file, precedence=Precedence.CODE, language=LANGUAGE),
                folder.found("static_dir", BUILDERS[name], file, precedence=Precedence.CONVENTION, language=LANGUAGE),
                folder.found("language", LANGUAGE, file, confidence=PAGES, language=LANGUAGE),
            ]
    return []
