"""`hivemind keys`: the SSH key of a deployment."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode


@click.group(name="keys")
def command() -> None:
    """Rotate the SSH key of a deployment."""


@command.command(name="rotate")
@environment_option
@local_option
@deployment_option
@json_option
def rotate(environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Give all running instances a new SSH key and have them forget the old one.

    Every instance learns the new key over the old one and is asked to let it in; then Parameter Store keeps it, and the
    old one goes. If an instance cannot be reached, the old key stays in use. A run that was killed goes on with the
    same command.
    """
    with Screen(as_json=as_json) as screen:
        count = pipeline.new_key(asked(Path(), environment, local, deployment), screen)
    if as_json:
        click.echo(json.dumps({"instances": count}))
    else:
        click.echo(f"{count} instance{'s let' if count != 1 else ' lets'} in the new key alone.")
    return ExitCode.OK
