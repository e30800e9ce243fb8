"""Builds for plugins: a service of a language that nothing here knows, by commands that the plugin names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.blueprint.model import ServiceKind
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.builds.place import BuildPlace
    from hivemind.repositories.repository import Repository
    from hivemind.values.artifact import Artifact


def build_with_commands(
    service: Service,
    repository: Repository,
    place: BuildPlace,
    *,
    install: str | None = None,
    build: str | None = None,
    start: str | None = None,
) -> Artifact:
    """The artifact of a service, for a plugin's `hivemind_build`: with the copy, the clean environment, the sandbox,
    the store and the log that the built-in languages have, on this machine and on a build instance alike.

    place: as `hivemind_build` is handed it. install, build, start: commands, each in place of the service's own where
    it has none. They follow from the service, the repository and the plugin's files alone: as long as none of these
    changes, what was built is used again. What they leave in the folder is packed and must run on the instance,
    together with what is there. Raises StageError(BUILD) when one fails or nothing says how the service is started.
    """
    from hivemind.builds.building import build as built

    own = replace(
        service,
        runtime="shell",
        install=service.install or install,
        build=service.build or build,
        start=service.start or start,
    )
    if service.kind is ServiceKind.STATIC:
        raise StageError(Stage.BUILD, f"{service.name}: HiveMind builds static pages itself", subject=service.name)
    artifact = built(own, repository, place, "hivemind.builds.shell", planned=service)
    return replace(artifact, runtime=service.runtime or "shell")
