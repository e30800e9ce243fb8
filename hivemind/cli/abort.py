"""`hivemind abort`: take back what CloudFormation is doing."""

from __future__ import annotations

import json
from pathlib import Path

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
from hivemind.pipeline import Decision, Proposal, ProposedAbort
from hivemind.values.exits import ExitCode


@click.command("abort")
@path_argument
@environment_option
@local_option
@deployment_option
@yes_option
@json_option
def command(
    path: Path, environment: str | None, local: bool | None, deployment: str | None, yes: bool, as_json: bool
) -> int:
    """Cancel the creation or update of a deployment's stack that is under way, and follow it to its end.

    CloudFormation takes an update back. If the stack is being created, it is deleted. A run that watches the stack
    ends as failed.
    """
    with _Screen(as_json=as_json, yes=yes) as screen:
        ending = pipeline.abort(asked(path, environment, local, deployment), screen)
    told = {"deployment": ending.deployment_id, "stack": ending.status, "message": ending.words}
    click.echo(json.dumps(told) if as_json else folded([ending.words]))
    return ExitCode.OK


class _Screen(Screen):
    """Asks before something is canceled."""

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, ProposedAbort):
            return super().approve(proposal)
        question = f"{proposal.stack} is in {proposal.status}. Cancel that?"
        return self.confirmed(question, "hivemind abort --yes", "Not canceled.")
