"""`hivemind open`: the deployment's address in a browser."""

from __future__ import annotations

import json
import os
import sys
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
    opened = not only_print and _opened(url)
    if as_json:
        click.echo(json.dumps({"url": url, "urls": dict(state.urls), "opened": opened}))
    elif not opened and not only_print:
        click.echo("There is no browser on this machine. Open the address elsewhere.", err=True)


def _opened(url: str) -> bool:
    """Whether a browser of this machine took the address. Browsers in the terminal are not asked: they would take it
    over."""
    windows = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not windows and not os.environ.get("BROWSER"):
        return False
    import webbrowser

    return webbrowser.open(url)
