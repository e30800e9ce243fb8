"""`hivemind open`: the deployment's address in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind.cli.context import deployment_option, environment_option, json_option, path_argument
from hivemind.flow.deployments import require
from hivemind.values.errors import DeploymentNotFound


@click.command("open")
@path_argument
@environment_option
@deployment_option
@click.option("--service", metavar="NAME", help="Of this service. Default: the first.")
@click.option("--print", "only_print", is_flag=True, help="Print the address and open nothing.")
@json_option
def command(
    path: Path, environment: str | None, deployment: str | None, service: str | None, only_print: bool, as_json: bool
) -> None:
    """Open the deployment's address in a browser."""
    state = require(path, environment, deployment).state
    url = state.urls.get(service) if service else next(iter(state.urls.values()), None)
    if url is None:
        named = f"service {service}" if service else state.deployment_id
        hint = f"services with an address: {', '.join(state.urls)}" if state.urls else "`hivemind status` tells why."
        raise DeploymentNotFound(f"{named} has no address", hint=hint)
    if not as_json:
        click.echo(url)
    opened = not only_print and click.launch(url) == 0
    if as_json:
        click.echo(json.dumps({"url": url, "urls": dict(state.urls), "opened": opened}))
