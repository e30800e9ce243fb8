"""Runs a service's own build command in the copy of its sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hivemind import variables
from hivemind.agents.compiler.environment import clean

if TYPE_CHECKING:
    from hivemind.agents.compiler.building import Work
    from hivemind.blueprint.model import Service


def run_install(work: Work, command: str, **more: str) -> None:
    """A command that installs dependencies, without the service's own environment. Raises StageError(BUILD)."""
    work.programs.run(command, cwd=work.app, env=clean(**more))


def found(service: Service) -> dict[str, str]:
    """What a service's build command finds of the service's environment, placeholders for what is not there. `PORT`
    goes with it."""
    bound = variables.absent(service.needs)
    secrets = dict.fromkeys(service.secrets, variables.NOWHERE)
    return {**bound, **variables.filled(service.env, bound), **secrets}


def run_build(work: Work, *first_on_path: Path, command: str | None = None, **more: str) -> None:
    """`build`, with the service's environment. command: another one in its place. Raises StageError(BUILD)."""
    service = work.service
    command = command or service.build
    if not command:
        return
    hint = "secrets and databases are not there while building" if service.secrets or service.needs else None
    env = clean(*first_on_path, **{"PORT": str(service.port or 8000), **found(service), **more})
    work.programs.run(command, cwd=work.app, env=env, hint=hint)
