"""`hivemind rollback`: take back a deployment that has no earlier good revision."""

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


@click.command("rollback")
@path_argument
@environment_option
@local_option
@deployment_option
@yes_option
@click.option("--delete", is_flag=True, help="Delete the stack, also where there is an earlier good revision.")
@click.option("--unprotect", is_flag=True, help="Take termination protection off first.")
@click.option("--wait", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Wait for another run to end.")
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    yes: bool,
    delete: bool,
    unprotect: bool,
    wait: float,
    as_json: bool,
) -> int:
    """Take back a deployment that never worked: list what goes, ask for its name, drain, delete the stack.

    Final snapshots of databases and caches are kept, and so is the deployment's history. Where there is an earlier good
    revision, nothing is changed: this version of HiveMind can't return to it by itself.
    """
    terms = DestroyTerms(unprotect=unprotect, wait=wait)
    with Listing(as_json=as_json, yes=yes) as screen:
        taken_back = pipeline.rollback(asked(path, environment, local, deployment), screen, terms, delete=delete)
    if taken_back is None:
        return nothing("roll back", as_json=as_json)
    report(taken_back, "rolled back", as_json=as_json)
    return ExitCode.OK
