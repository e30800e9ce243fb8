"""Which folders of a repository hold services."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hivemind.agents.recon.answer import Answer, answer
from hivemind.agents.recon.languages.static import FOLDERS
from hivemind.detection import Detection
from hivemind.repository import Repository

MANIFESTS = frozenset(
    {"package.json", "requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "Procfile", "index.html", "manage.py"}
)
_MOST = 40

Detect = Callable[[str], Sequence[Detection]]


def services(repository: Repository, detect: Detect) -> dict[str, Answer]:
    """Folder -> answer, for the root where it serves something, else for the folders below that do.

    detect: all detections of a folder. Empty where nothing serves; then `detect(".")` says what the root is.
    """
    root = answer(detect("."))
    if root.serves:
        return {".": root}
    folders = sorted(
        {
            folder
            for file in repository.files
            for folder, name in [_holder(file)]
            if name in MANIFESTS and folder and folder.count("/") < 2 and not folder.startswith(".")
        },
        key=lambda folder: (folder.count("/"), folder),
    )
    found: dict[str, Answer] = {}
    for folder in folders[:_MOST]:
        if any(folder.startswith(f"{parent}/") for parent in found):
            continue
        if folder.split("/")[-1] in {"docs", "doc", "test", "tests", "examples", "example", "e2e"}:
            continue
        seen = answer(detect(folder))
        if seen.serves:
            found[folder] = seen
    return found


def _holder(file: str) -> tuple[str, str]:
    """The folder that a manifest speaks for, and the manifest's name: pages in `site/public` speak for `site`."""
    folder, _, name = file.rpartition("/")
    parent, _, last = folder.rpartition("/")
    return (parent, name) if name == "index.html" and last in FOLDERS else (folder, name)
