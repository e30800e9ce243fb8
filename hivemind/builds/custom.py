"""Runs a service's own build command in the copy of its sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.builds import lasting
from hivemind.builds.clean_environment import clean, found

if TYPE_CHECKING:
    from hivemind.builds.work import Work


def run_install(work: Work, command: str, **more: str) -> None:
    """A command that installs dependencies, without the service's own environment. Raises StageError(BUILD)."""
    work.programs.run(command, cwd=work.app, env=clean(**more))


def run_build(work: Work, *first_on_path: Path, command: str | None = None, **more: str) -> None:
    """`build`, with the service's environment. command: another one in its place. Raises StageError(BUILD)."""
    service = work.service
    command = command or service.build
    if not command:
        return
    hint = "Secrets and databases are not available during a build." if service.secrets or service.needs else None
    env = clean(*first_on_path, **{"PORT": str(service.listens_on), **found(service), **more})
    with lasting.there(service.data, work.app):
        work.programs.run(command, cwd=work.app, env=env, hint=hint)
