"""Builds for plugins: a service of a language that nothing here knows, by commands that the plugin names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.blueprint.model import ServiceKind
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.repositories.repository import Repository
    from hivemind.values.artifact import Artifact, Platform


def build_with_commands(
    service: Service,
    repository: Repository,
    platform: Platform,
    store: Path,
    *,
    install: str | None = None,
    build: str | None = None,
    start: str | None = None,
) -> Artifact:
    """The artifact of a service, for a plugin's `hivemind_build`: with the copy, the clean environment, the sandbox,
    the store and the log that the built-in languages have.

    install, build, start: commands, each in place of the service's own where it has none. What they leave in the
    folder is packed and must run on the instance, together with what is there. Raises StageError(BUILD) when one
    fails or nothing says how the service is started.
    """
    from hivemind.builds import shell
    from hivemind.builds.building import build as built

    own = replace(
        service,
        runtime="shell",
        install=service.install or install,
        build=service.build or build,
        start=service.start or start,
    )
    if service.kind is ServiceKind.STATIC:
        raise StageError(
            Stage.BUILD, f"{service.name}: pages are built by what HiveMind has for them", subject=service.name
        )
    artifact = built(own, repository, platform, store, shell.build)
    return replace(artifact, runtime=service.runtime or "shell")
