"""Every hook, by stage. Built-in agents and third-party plugins implement these and nothing else.

Rules for all: arguments are frozen values; results are tuples, never generators; the order in which
plugins are called means nothing; what a hook raises is reported with the plugin's name, distribution
and version, and stops the run only where it says so here. Unless it says otherwise, a hook must not
touch the outside: no files, no network, no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.artifact import Artifact, Platform
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.detection import Detection
    from hivemind.events import Event
    from hivemind.findings import Finding
    from hivemind.release import Check, Release
    from hivemind.repository import Repository
    from hivemind.schemaparts import SchemaPart
    from hivemind.template.fragment import Assembly, Fragment

hookspec = pluggy.HookspecMarker("hivemind")
hook = pluggy.HookimplMarker("hivemind")
"""Marks a plugin's implementation of a hook: `from hivemind import hook`."""


# load, validate


@hookspec
def hivemind_schema() -> SchemaPart | None:
    """Resource types, check kinds and options that this plugin adds to `hivemind.yaml`.

    Called once a run, before the blueprint is validated. Raising stops the run.
    """


# resolve


@hookspec
def hivemind_detect(repository: Repository, path: str) -> tuple[Detection, ...]:  # type: ignore[empty-body]
    """What this plugin can tell about the application in folder `path` of the repository.

    Called once a service. May read files through `repository` only. Raising is reported as a warning;
    the other plugins' answers stand.
    """


# build


@hookspec(firstresult=True)
def hivemind_build(service: Service, repository: Repository, platform: Platform, store: Path) -> Artifact | None:
    """Builds a service for a platform into `store`, or None where this plugin does not know the runtime.

    The first answer counts; third parties are asked before the built-in compiler. May run programs and
    use the network. Raising stops the run at stage build.
    """


# assemble, lint


@hookspec
def hivemind_fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:  # type: ignore[empty-body]
    """What this plugin adds to the template. Two owners of one logical id are an error naming both.

    Must be pure: same blueprint, same fragments. Raising stops the run.
    """


@hookspec
def hivemind_lint(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:  # type: ignore[empty-body]
    """Findings on the assembled template; those of severity error stop the flow. Raising becomes a finding."""


# verify


@hookspec
def hivemind_checks(release: Release) -> tuple[Check, ...]:  # type: ignore[empty-body]
    """Checks to run on a release after it receives traffic, and again at `hivemind verify`. Raising fails verify."""


# any time


@hookspec
def hivemind_event(event: Event) -> None:
    """Called with each event once it is in the journal. May touch the outside, for at most 5 seconds in all
    a call. Raising is reported once as a warning and changes nothing."""
