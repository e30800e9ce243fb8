"""This machine as a place to build on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hivemind.builds.building import make
from hivemind.builds.place import Task
from hivemind.builds.store import Store
from hivemind.values.artifact import Platform


@dataclass(frozen=True)
class Here:
    """This machine, as a BuildPlace: builds run in a copy of the sources, in a sandbox where there is one."""

    platform: Platform
    store: Path
    builders: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    instance: None = None

    def make(self, task: Task) -> Mapping[str, Any]:
        """As BuildPlace.make."""
        return make(task, self.platform, Store(self.store))
