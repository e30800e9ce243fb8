"""`hivemind lock`: who holds a deployment."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import (
    asked,
    deployment_option,
    environment_option,
    json_option,
    local_option,
    path_argument,
    yes_option,
)
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.pipeline import Decision, Proposal, ProposedUnlock
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Locks


@click.group(name="lock")
def command() -> None:
    """Show or release the lock that a run holds on a deployment."""


@command.command()
@path_argument
@environment_option
@local_option
@deployment_option
@json_option
def status(path: Path, environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Show which run holds the deployment: its command, user, machine, process and start."""
    locks = pipeline.lock(asked(path, environment, local, deployment))
    if as_json:
        click.echo(json.dumps(_as_json(locks)))
        return ExitCode.OK
    if locks.holder is None:
        click.echo(f"{locks.deployment_id} is not locked.")
    else:
        click.echo(folded([f"{locks.deployment_id} is locked: {locks.holder}"]))
    if locks.unknown:
        click.echo(folded([f"Other machines' locks are unknown: {locks.unknown}"]), err=True)
    return ExitCode.OK


@command.command()
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("--reason", required=True, metavar="TEXT", help="Why; written to the journal with your name.")
@yes_option
@json_option
def release(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Take the deployment from the run that holds it.

    A crashed run needs no release: its lock expires within a minute. If the run is alive, it ends before its next
    change.
    """
    with _Screen(as_json=as_json, yes=yes) as screen:
        locks = pipeline.unlock(asked(path, environment, local, deployment), screen, reason)
    if as_json:
        click.echo(json.dumps(_as_json(locks)))
    elif locks.holder is None:
        click.echo(f"{locks.deployment_id} is not locked: nothing to release.")
    else:
        click.echo(folded([f"Released {locks.deployment_id}, which was locked: {locks.holder}"]))
    return ExitCode.OK


class _Screen(Screen):
    """Asks before a lock is taken from a run."""

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, ProposedUnlock):
            return super().approve(proposal)
        return self.confirmed(f"Take it from {proposal.holder}?", "hivemind lock release --yes", "Not released.")


def _as_json(locks: Locks) -> dict[str, object]:
    holder = locks.holder
    return {"deployment": locks.deployment_id, "holder": asdict(holder) if holder else None, "unknown": locks.unknown}
