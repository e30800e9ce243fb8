"""Which console fits a service of a deployment: Recon's word on the project that it was applied from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.detections.consoles import SHELL, Console, console_of
from hivemind.detections.detection import best
from hivemind.flow.basis import checkout_of
from hivemind.flow.checking import check
from hivemind.flow.detecting import detector
from hivemind.flow.project import blueprint_file, loaded
from hivemind.values.errors import HiveMindError

if TYPE_CHECKING:
    from hivemind.flow.deployments import Known
    from hivemind.values.asked import Asked

__all__ = ["Console", "console_for"]


def console_for(known: Known, asked: Asked, service: str) -> Console:
    """The console of a service's framework. A shell where the project is not here, or is broken: a console is wanted
    most when something is."""
    project = replace(asked, path=checkout_of(known, asked))
    file = blueprint_file(project.path)
    if not file.is_file():
        return SHELL
    try:
        plugins = loaded(file.parent, asked.plugins, lambda _: None)
        found = check(file, plugins, environment=known.state.environment, lint=False).blueprint.services.get(service)
        if found is None:
            return SHELL
        repository, detect = detector(file.parent, plugins, lambda _: None)
        framework = best(detect(found.path), "framework", language=found.language)
    except HiveMindError:
        return SHELL
    name = str(framework.value).lower() if framework else None
    return console_of(name, found.language, found.start, repository.under(found.path))
