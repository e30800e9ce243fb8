"""The flow on one screen. Read this first; each call names the module in flow/ that carries it out.

A face (cli/, web/, a test) calls these and nothing below them: it makes an `Asked` of what a person wants, and
implements `Face`, by which the flow tells what happens and asks before anything changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.values.defaults import DEFAULT_REGION

if TYPE_CHECKING:
    from hivemind.deploy.state import DeploymentState
    from hivemind.flow.apply import Applied
    from hivemind.flow.carrying_through import Ended
    from hivemind.flow.checking import Checked
    from hivemind.flow.cloning import clone, described, settled
    from hivemind.flow.clouds import region_of
    from hivemind.flow.detecting import detector
    from hivemind.flow.drafting import Initial, initial, named_in, write, written_before
    from hivemind.flow.face import Decision, Face, Proposal, ProposedApply, ProposedDestroy, ProposedStep
    from hivemind.flow.instances import logs, shell
    from hivemind.flow.previewing import Planned
    from hivemind.flow.project import blueprint_file, loaded, loaded_without
    from hivemind.flow.reporting import Status, address, deployments, events
    from hivemind.flow.schemas import schema_of, write_schema
    from hivemind.flow.status import InstanceStatus, LiveStatus
    from hivemind.flow.taking_away import Destroyed
    from hivemind.flow.verifying import Verified
    from hivemind.plugins.loading import Plugins
    from hivemind.repositories.clone import Clone
    from hivemind.values.asked import Asked, DestroyTerms, Terms


def check(
    path: Path, plugins: Plugins, *, environment: str | None = None, region: str = DEFAULT_REGION, lint: bool = True
) -> Checked:
    """Load, validate, resolve, assemble and lint a blueprint: all that needs no cloud."""
    from hivemind.flow import checking

    return checking.check(path, plugins, environment=environment, region=region, lint=lint)


def plan(asked: Asked, face: Face, *, again: bool = False) -> Planned:
    """Check a project and compare it with the cloud, else with what was recorded, else with nothing."""
    from hivemind.flow import previewing

    return previewing.plan(asked, face, again=again)


def apply(asked: Asked, face: Face, terms: Terms) -> Ended:
    """Check, plan live, have it approved, then run what plugins contribute: stack, builds, release, traffic, checks."""
    from hivemind.flow import carrying_through

    return carrying_through.apply(asked, face, terms)


def verify(asked: Asked, face: Face) -> Verified:
    """Run the checks of a deployment again."""
    from hivemind.flow import verifying

    return verifying.verify(asked, face)


def status(asked: Asked, face: Face) -> Status | None:
    """Look at a deployment as it is now."""
    from hivemind.flow import reporting

    return reporting.status(asked, face)


def destruction(asked: Asked, face: Face, terms: DestroyTerms) -> ProposedDestroy | None:
    """List what a destroy would take away."""
    from hivemind.flow import taking_away

    return taking_away.destruction(asked, face, terms)


def destroy(asked: Asked, face: Face, terms: DestroyTerms) -> Destroyed | None:
    """List it, have it approved, drain, delete the stack, forget the deployment."""
    from hivemind.flow import taking_away

    return taking_away.destroy(asked, face, terms)


def rollback(asked: Asked, face: Face, terms: DestroyTerms, *, delete: bool = False) -> Destroyed | None:
    """Take back a deployment without an earlier good revision: list it, have it approved, drain, delete the stack."""
    from hivemind.flow import taking_away

    return taking_away.rollback(asked, face, terms, delete=delete)


_MORE = {
    "face": ("Decision", "Proposal", "ProposedApply", "ProposedDestroy", "ProposedStep"),
    "reporting": ("address", "deployments", "events"),  # what is known of deployments
    "instances": ("logs", "shell"),  # what runs on them
    "detecting": ("detector",),  # what can be told about a folder
    "drafting": ("initial", "named_in", "write", "written_before"),  # the blueprint of one that has none
    "cloning": ("clone", "described", "settled"),  # from the address of a repository to such a folder
    "schemas": ("schema_of", "write_schema"),
    "project": ("blueprint_file", "loaded", "loaded_without"),  # what a path means
    "clouds": ("region_of",),
}
"""Module in flow/ -> what else faces call; each is imported when it is first used."""


def __getattr__(name: str) -> object:
    from importlib import import_module

    for module, names in _MORE.items():
        if name in names:
            value: object = getattr(import_module(f"{__package__}.flow.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__} has no attribute {name}")
