"""`hivemind destroy`: delete a deployment, after listing what goes."""

from __future__ import annotations

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
from hivemind.cli.listing import Listing, nothing, report
from hivemind.values.asked import DestroyTerms
from hivemind.values.exits import ExitCode


@click.command("destroy")
@path_argument
@environment_option
@local_option
@deployment_option
@yes_option
@click.option(
    "--snapshots",
    type=click.Choice(["keep", "delete"]),
    default="keep",
    show_default=True,
    help="What becomes of the final snapshots of databases and caches.",
)
@click.option("--unprotect", is_flag=True, help="Take termination protection off first.")
@click.option("--wait", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Wait for another run to end.")
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    yes: bool,
    snapshots: str,
    unprotect: bool,
    wait: float,
    as_json: bool,
) -> int:
    """Delete a deployment: list what goes, ask for its name, drain, delete the stack, say what is left."""
    terms = DestroyTerms(snapshots == "keep", unprotect, wait)
    with Listing(as_json=as_json, yes=yes) as screen:
        destroyed = pipeline.destroy(asked(path, environment, local, deployment), screen, terms)
    if destroyed is None:
        return nothing("destroy", as_json=as_json)
    report(destroyed, "gone", as_json=as_json)
    return ExitCode.OK
