"""Compiler: builds a service into an artifact, off the instance and in a copy of its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.artifact import Artifact, Platform
    from hivemind.blueprint.model import Service
    from hivemind.repository import Repository

hookimpl = pluggy.HookimplMarker("hivemind")


@hookimpl
def hivemind_build(service: Service, repository: Repository, platform: Platform, store: Path) -> Artifact | None:
    """Services of the languages in `building.BUILDERS`; None for other runtimes."""
    from hivemind.agents.compiler.building import build

    return build(service, repository, platform, store)
