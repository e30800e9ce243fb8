"""Anything that install, build and start commands of its own describe: scripts, Procfiles, committed binaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.builds.commands import started
from hivemind.builds.custom import run_build, run_install

if TYPE_CHECKING:
    from hivemind.builds.work import Work


def build(work: Work) -> None:
    """Runs what the service says and packs what is there then. Raises StageError(BUILD) without a start command."""
    service = work.service
    started(service, "./run.sh")
    if service.install:
        run_install(work, service.install)
    run_build(work)
    work.runtime = service.runtime or "shell"
