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
    """Builds a service with commands, for a plugin's `hivemind_build`. Uses the same copy, clean environment, sandbox,
    store and log as the built-in languages, on this machine and on a build instance.

    place: as `hivemind_build` gets it. install, build, start: commands to use if the service has none of its own. They
    must depend only on the service, the repository and the plugin's files: as long as none of these changes, HiveMind
    reuses the earlier build. HiveMind packs what they leave in the folder, which must run on the instance together with
    the instance's own programs. Raises StageError(BUILD) if a command fails, or if nothing says how the service starts.
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
