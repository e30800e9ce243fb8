"""Compiler: builds a service into an artifact, off the instance and in a copy of its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.blueprint.model import Service
    from hivemind.repositories.repository import Repository
    from hivemind.values.artifact import Artifact, Platform

hookimpl = pluggy.HookimplMarker("hivemind")


@hookimpl
def hivemind_build(service: Service, repository: Repository, platform: Platform, store: Path) -> Artifact | None:
    """Services of the languages in `languages.table`; None for other runtimes."""
    from hivemind.agents.compiler.languages.table import language_of
    from hivemind.builds.building import build

    language = language_of(service)
    return None if language is None else build(service, repository, platform, store, language)
