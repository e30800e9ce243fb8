"""`hivemind attach`: follow what goes on in a deployment."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option, path_argument
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode


@click.command("attach")
@path_argument
@environment_option
@local_option
@deployment_option
@json_option
def command(path: Path, environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Follow what is under way in a deployment: a run on this machine, or a change of its stack.

    Ctrl-C ends only this command, not what it follows.
    """
    with Screen(as_json=as_json) as screen:
        ending = pipeline.attach(asked(path, environment, local, deployment), screen)
    told = {"deployment": ending.deployment_id, "stack": ending.status, "message": ending.words}
    click.echo(json.dumps(told) if as_json else folded([ending.words]))
    return ExitCode.OK
