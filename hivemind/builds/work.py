"""A build under way, as the modules of the languages see it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hivemind.blueprint.model import Service
from hivemind.builds.programs import Programs
from hivemind.builds.sources import Sources
from hivemind.builds.store import Store
from hivemind.values.artifact import Platform


@dataclass
class Work:
    """A build under way.

    tree: what will be packed; `root`, with the sources in it, is there already. base: folder of the whole workspace of
    a Python service, which is not packed. notices: what people should know.
    runtime, interpreter, path, env, start: of the manifest (see `manifest`), filled by the language's module.
    own: paths in the tree that change with the sources although they lie among dependencies. carried: components for
    the bill of materials that no package in the tree tells of.
    """

    service: Service
    sources: Sources
    platform: Platform
    store: Store
    tree: Path
    scratch: Path
    programs: Programs
    notices: list[str] = field(default_factory=list)
    runtime: str = ""
    interpreter: dict[str, str] | None = None
    path: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    start: str = ""
    dependencies_reused: bool = False
    own: set[str] = field(default_factory=set)
    carried: list[dict[str, Any]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """What becomes the application's folder on the instance: the service's own, or the workspace around it."""
        return self.tree / "app"

    @property
    def folder(self) -> str:
        """The service's folder below `root`: `.`, or its place in a workspace."""
        around = self.sources.workspace
        return around.folder if around and around.kind == "node" else "."

    @property
    def app(self) -> Path:
        """The folder with the service's own sources."""
        return self.root / self.folder

    @property
    def base(self) -> Path:
        """Where paths of local Python projects begin."""
        return self.scratch / "workspace" if self.sources.workspace and self.folder == "." else self.app

    def alone(self) -> None:
        """Leaves the service's own folder of the workspace, for what needs no neighbour once it is built."""
        if self.folder != ".":
            aside = self.scratch / "alone"
            self.app.rename(aside)
            shutil.rmtree(self.root)
            aside.rename(self.root)
        self.sources = replace(self.sources, workspace=None)
