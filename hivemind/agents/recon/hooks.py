"""The hook that Recon implements."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hivemind.hookspecs import hook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hivemind.agents.recon.folder import Folder
    from hivemind.detections.detection import Detection
    from hivemind.repositories.repository import Repository


@hook
def hivemind_detect(repository: Repository, path: str) -> tuple[Detection, ...]:
    """Detections of all built-in languages and of the evidence that holds for any; of a folder that has not changed
    since, what was found the last time."""
    from hivemind.agents.recon import recall

    state = recall.state(repository, path)
    if state is None:
        return _look(repository, path)
    known = recall.remembered()
    found = recall.recall(known, state)
    if found is None:
        found = _look(repository, path)
        recall.keep(known, state, found)
    return found


def _look(repository: Repository, path: str) -> tuple[Detection, ...]:
    from hivemind.agents.recon import choices, django_pages, doubts
    from hivemind.agents.recon.folder import Folder

    folder = Folder.of(repository, path)
    found: list[Detection] = []
    for detect in _modules():
        found += detect(folder)
    found = choices.settled(found)
    return (*django_pages.served(found), *doubts.detect(folder, found))


@cache
def _modules() -> tuple[Callable[[Folder], Sequence[Detection]], ...]:
    from importlib import import_module
    from pkgutil import iter_modules

    from hivemind.agents.recon import evidence, languages

    names = [
        f"{part.__name__}.{module.name}" for part in (languages, evidence) for module in iter_modules(part.__path__)
    ]
    return tuple(import_module(name).detect for name in sorted(names))
