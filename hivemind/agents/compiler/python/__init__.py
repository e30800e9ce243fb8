"""Builds Python services: a relocatable `venv` beside the sources."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from hivemind.agents.compiler.python import interpreters, layers, requirements
from hivemind.builds.custom import run_build

if TYPE_CHECKING:
    from hivemind.builds.work import Work


def build(work: Work) -> None:
    """Installs what the service depends on, runs its build command, and leaves `venv` without an interpreter."""
    chosen = interpreters.choose(work.service, work.platform)
    if chosen.notice:
        work.notices.append(chosen.notice)
    asked = requirements.plan(work.service, work.sources, interpreters.target(chosen, work.platform))
    work.notices += asked.notices
    venv = work.tree / "venv"
    layers.lay(work, asked, chosen, venv)
    work.runtime = f"python {chosen.minor}"
    work.interpreter = {"version": chosen.minor, "command": chosen.command}
    work.path = ["venv/bin"]
    work.env = {"PYTHONUNBUFFERED": "1"}
    if work.service.build:
        interpreter = interpreters.here(chosen, work)
        with interpreters.completed(venv, chosen.minor, interpreter):
            run_build(work, venv / "bin", VIRTUAL_ENV=str(venv), PYTHONPATH="")
    # what npm built the pages with is not needed to serve them
    shutil.rmtree(work.app / "node_modules", ignore_errors=True)
