"""Where a build happens: on this machine, or on a build instance. What is built there is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hivemind.blueprint.model import Service
from hivemind.builds.sources import Sources
from hivemind.values.artifact import Platform


@dataclass(frozen=True)
class Task:
    """One build, as a place carries it out.

    service: with the commands to run. sources: what the build sees. inputs: the input digest, under which the store
    keeps what comes of it. language: dotted name of HiveMind's module whose `build(work)` makes the service.
    """

    service: Service
    sources: Sources
    inputs: str
    language: str


class BuildPlace(Protocol):
    """Where a service is built, as `hivemind_build` gets it.

    A plugin passes it to `build_with_commands`, which builds in either place. A plugin that runs programs by other
    means runs them on this machine, and refuses a place with an `instance`.
    """

    @property
    def platform(self) -> Platform:
        """The operating system and processor that the artifact is for."""

    @property
    def store(self) -> Path:
        """The folder on this machine that keeps artifacts, wherever they are built."""

    @property
    def instance(self) -> str | None:
        """EC2 id of the build instance; None on this machine."""

    @property
    def builders(self) -> Mapping[str, str]:
        """Plugin -> digest over its version and its files, for every plugin that may build the service. Part of the
        input digest: a changed plugin builds again."""

    def make(self, task: Task) -> Mapping[str, Any]:
        """Runs a build, whatever the store knows. Returns the index entry that the store keeps under `task.inputs`.
        Raises StageError(BUILD) if a program of the build fails or is missing."""
