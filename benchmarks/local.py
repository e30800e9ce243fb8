"""A project on a local cloud of its own, for as long as a benchmark takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import hivemind
from benchmarks.timing import run

EXAMPLE = Path(__file__).parents[1] / "blueprints/python-postgres"
"""The demo's blueprint."""


@dataclass(frozen=True)
class LocalProject:
    """folder: the work tree. home: HIVEMIND_HOME of its commands."""

    folder: Path
    home: Path

    def run(self, *words: str) -> str:
        """What `hivemind WORDS` prints. Raises CommandFailed."""
        _, out = run([hivemind(), *words], env={"HIVEMIND_HOME": str(self.home)}, cwd=self.folder)
        return out


@contextmanager
def local_project(folder: Path, *, pace: str = "fast") -> Iterator[LocalProject]:
    """A copy of the demo's project in `folder`, with a local cloud that runs until the end.

    pace: of the local cloud."""
    project = LocalProject(folder / "project", folder / "home")
    shutil.copytree(EXAMPLE, project.folder, ignore=shutil.ignore_patterns(".hivemind", "__pycache__"))
    with cloud_running(project, pace=pace):
        yield project


@contextmanager
def cloud_running(project: LocalProject, *, pace: str = "fast") -> Iterator[None]:
    """The local cloud of a project's home, for as long as the block takes."""
    project.run("local", "start", "--pace", pace)
    try:
        yield
    finally:
        project.run("local", "stop")
