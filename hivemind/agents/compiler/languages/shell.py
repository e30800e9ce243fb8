"""Anything that install, build and start commands of its own describe: scripts, Procfiles, committed binaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.agents.compiler.custom import run_build, run_install
from hivemind.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.agents.compiler.building import Work


def build(work: Work) -> None:
    """Runs what the service says and packs what is there then. Raises StageError(BUILD) without a start command."""
    service = work.service
    if not service.start:
        raise StageError(
            Stage.BUILD,
            f"{service.name}: runtime {service.runtime} says nothing on how it is started",
            subject=service.name,
            path=f"services.{service.name}",
            hint="add  start: ./run.sh",
        )
    if service.install:
        run_install(work, service.install)
    run_build(work)
    work.runtime = service.runtime or "shell"
