"""`hivemind destroy`: delete a deployment, after listing its resources."""

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
    wait_option,
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
    help="Keep or delete the final snapshots of databases and caches.",
)
@click.option("--unprotect", is_flag=True, help="Turn off termination and deletion protection first.")
@wait_option
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
    """Delete a deployment.

    Lists the resources, asks you to type the application's name, drains the load balancer, deletes the stack, and
    lists what is left.
    """
    terms = DestroyTerms(snapshots == "keep", unprotect, wait)
    with Listing(as_json=as_json, yes=yes) as screen:
        destroyed = pipeline.destroy(asked(path, environment, local, deployment), screen, terms)
    if destroyed is None:
        return nothing("destroy", as_json=as_json)
    return report(destroyed, "destroyed", ExitCode.CLEANUP, as_json=as_json)
