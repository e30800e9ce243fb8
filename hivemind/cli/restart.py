"""`hivemind restart`: the application, started again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option, wait_option
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode


@click.command("restart")
@environment_option
@local_option
@deployment_option
@wait_option
@json_option
@click.argument("service", required=False)
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    wait: float,
    as_json: bool,
    service: str | None,
) -> int:
    """Restart the application, or only SERVICE, one instance after another.

    Each instance leaves the load balancer first, and is healthy again before the next one's turn. With one instance,
    requests fail while the application starts. Variables and secrets stay as they were released: `hivemind apply
    --release-again` reads them anew.
    """
    with Screen(as_json=as_json) as screen:
        chosen = pipeline.restart(asked(Path(), environment, local, deployment), screen, service, wait=wait)
    if as_json:
        click.echo(json.dumps({"restarted": [{"service": one.service, "instance": one.instance} for one in chosen]}))
        return ExitCode.OK
    click.echo(f"Restarted {len(chosen)} instance{'s' if len(chosen) > 1 else ''}.")
    return ExitCode.OK
