"""`hivemind state`: what HiveMind remembers of a deployment, where that cannot be read."""

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
)
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode


@click.group(name="state")
def command() -> None:
    """Repair the record that HiveMind keeps of a deployment."""


@command.command()
@path_argument
@environment_option
@local_option
@deployment_option
@json_option
def rebuild(path: Path, environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Make a record that cannot be read anew from the stack.

    Changes nothing of what is deployed. The history of revisions is lost, and the next apply releases the services
    again. Keeps the file that cannot be read, under another name.
    """
    with Screen(as_json=as_json) as screen:
        rebuilt = pipeline.rebuild(asked(path, environment, local, deployment), screen)
    if as_json:
        known = rebuilt.deployment_id if rebuilt else None
        stack = rebuilt.state.recorded.status if rebuilt and rebuilt.state and rebuilt.state.recorded else None
        click.echo(json.dumps({"rebuilt": known, "kept": str(rebuilt.aside) if rebuilt else None, "stack": stack}))
    elif rebuilt is None:
        click.echo("The record can be read: nothing to rebuild.")
    elif rebuilt.state is None:
        click.echo(folded([f"{rebuilt.deployment_id} has no stack: nothing is deployed. Deploy it: hivemind apply"]))
    else:
        click.echo(folded([f"Rebuilt {rebuilt.deployment_id} from its stack. Release it again: hivemind apply"]))
    return ExitCode.OK
