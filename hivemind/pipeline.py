"""The flow on one screen. Read this first; each call names the module in flow/ that carries it out.

A face (cli/, web/, a test) calls these and nothing below them: it makes an `Asked` of what a person wants, and
implements `Face`, by which the flow tells what happens and asks before anything changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.flow.face import Decision, Face, Proposal, ProposedApply, ProposedDestroy, ProposedStep
from hivemind.values.defaults import DEFAULT_REGION

if TYPE_CHECKING:
    from hivemind.deploy.state import DeploymentState, Listing
    from hivemind.flow.carrying_through import Ended
    from hivemind.flow.checking import Checked
    from hivemind.flow.instances import Logs
    from hivemind.flow.previewing import Planned
    from hivemind.flow.reporting import Status
    from hivemind.flow.taking_away import Destroyed
    from hivemind.flow.verifying import Verified
    from hivemind.plugins.loading import Plugins
    from hivemind.values.asked import Asked, DestroyTerms, LinesWanted, Terms
    from hivemind.values.events import Event

__all__ = [
    "Decision", "Face", "Proposal", "ProposedApply", "ProposedDestroy", "ProposedStep", "address", "apply", "check",
    "deployments", "destroy", "destruction", "events", "logs", "plan", "rollback", "shell", "status",
    "verify",
]  # fmt: skip


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
    """Check, plan live, have it approved, then stack, builds, release, traffic and checks."""
    from hivemind.flow import carrying_through

    return carrying_through.apply(asked, face, terms)


def verify(asked: Asked, face: Face) -> Verified:
    """Run the checks of a deployment again."""
    from hivemind.flow import verifying

    return verifying.verify(asked, face)


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


def status(asked: Asked, face: Face) -> Status | None:
    """Look at a deployment as it is now."""
    from hivemind.flow import reporting

    return reporting.status(asked, face)


def deployments() -> tuple[Listing, ...]:
    """List what is deployed from this machine."""
    from hivemind.flow import reporting

    return reporting.deployments()


def events(asked: Asked, *, last: int | None = None, every: bool = False) -> Sequence[Event]:
    """Read a deployment's journal."""
    from hivemind.flow import reporting

    return reporting.events(asked, last=last, every=every)


def address(asked: Asked, service: str | None = None) -> tuple[str, DeploymentState]:
    """Find where a deployment answers."""
    from hivemind.flow import reporting

    return reporting.address(asked, service)


def logs(asked: Asked, service: str | None, wanted: LinesWanted) -> Logs:
    """Read what the application says, on all its instances."""
    from hivemind.flow import instances

    return instances.logs(asked, service, wanted)


def shell(asked: Asked, service: str | None, instance: str | None, command: str | None) -> int:
    """Run a command, or a shell on this terminal, on an instance."""
    from hivemind.flow import instances

    return instances.shell(asked, service, instance, command)
