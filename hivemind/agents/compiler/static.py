"""Builds static sites: their files, and a file server carried along."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hivemind.agents.compiler import fileserver
from hivemind.builds.custom import run_build
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.work import Work


def build(work: Work) -> None:
    """Runs the service's build command, if any, and serves `static_dir` of the outcome.

    Raises StageError(BUILD) where that folder is not there afterwards.
    """
    from hivemind.agents.compiler import node

    service = work.service
    if (service.runtime or "").startswith("node"):
        node.install_and_build(work)
        node.forget_dependencies(work)
    elif service.build:
        run_build(work)
    folder = PurePosixPath(service.static_dir or ".")
    served = work.app / folder
    if folder.is_absolute() or ".." in folder.parts or not served.is_dir():
        raise StageError(
            Stage.BUILD,
            f"{service.name}: the folder to serve, {folder}, does not exist after the build",
            subject=service.name,
            path=f"services.{service.name}.static_dir",
            hint="Name the folder that contains index.html: `static: FOLDER`.",
        )
    fileserver.carry(work, folder.as_posix())
    work.runtime = "static"
    work.path = ["runtime/bin"]
    if service.start is None:
        work.start = fileserver.START
