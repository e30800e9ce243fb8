"""`hivemind list`: deployments known on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import json_option
from hivemind.cli.paragraphs import fold, folded
from hivemind.cli.paragraphs import width as columns
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import DeploymentState


@click.command("list")
@json_option
def command(as_json: bool) -> ExitCode:
    """List the deployments applied from this machine, on AWS and in the local cloud."""
    listings = pipeline.deployments()
    states = [state for listing in listings for state in listing.states]
    unreadable = [error for listing in listings for error in listing.unreadable]
    unreadable = [pipeline.told_unreadable(error) for error in unreadable]
    code = ExitCode.INVALID if unreadable else ExitCode.OK
    if as_json:
        entries = [_entry(state) for state in states]
        errors = [{"file": str(error.path), "message": error.message} for error in unreadable]
        click.echo(json.dumps({"deployments": entries, "unreadable": errors}))
        return code
    for error in unreadable:
        told = [*f"error: {error.message}".splitlines(), f"  Next:  {error.hint}"]
        click.echo(folded(told), err=True)
    if not states:
        if not unreadable:
            click.echo("Nothing is deployed from this machine. Deploy a project: hivemind apply")
        return code
    width = max(len(state.deployment_id) for state in states)
    for state in states:
        revision = f"r{state.revision}" if state.revision else "-"
        address = next(iter(state.urls.values()), "")
        made = "" if state.changeable else f"   created by {state.creation_method} (read-only)"
        line = f"{state.deployment_id:{width}}  {state.status:12}  {revision:5} {state.cloud:6} {address}{made}"
        click.echo("\n".join(fold(line.rstrip(), columns(), indent=4)))
    return code


def _entry(state: DeploymentState) -> dict[str, object]:
    return {
        "deployment": state.deployment_id,
        "name": state.name,
        "environment": state.environment,
        "cloud": state.cloud,
        "account": state.account,
        "region": state.region,
        "status": state.status.value,
        "revision": state.revision,
        "urls": dict(state.urls),
        "checkout": state.checkout,
        "changeable": state.changeable,
        "instructions": state.instructions,
    }
