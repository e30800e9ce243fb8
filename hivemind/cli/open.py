"""`hivemind open`: the deployment's address in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, path_argument


@click.command("open")
@path_argument
@environment_option
@deployment_option
@click.option("--service", metavar="NAME", help="Service to open. Default: the first.")
@click.option("--print", "only_print", is_flag=True, help="Only print the address.")
@json_option
def command(
    path: Path, environment: str | None, deployment: str | None, service: str | None, only_print: bool, as_json: bool
) -> None:
    """Open the deployment's address in a browser."""
    url, state = pipeline.address(asked(path, environment, None, deployment), service)
    if not as_json:
        click.echo(url)
    opened = not only_print and click.launch(url) == 0
    if as_json:
        click.echo(json.dumps({"url": url, "urls": dict(state.urls), "opened": opened}))
