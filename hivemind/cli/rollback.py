"""`hivemind rollback`: delete a deployment that has no earlier good revision."""

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


@click.command("rollback")
@path_argument
@environment_option
@local_option
@deployment_option
@yes_option
@click.option("--delete", is_flag=True, help="Delete the stack even if an earlier revision is good.")
@click.option("--unprotect", is_flag=True, help="Turn off termination and deletion protection first.")
@wait_option
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
    """Roll back a deployment that has no earlier good revision: delete its stack.

    Lists the resources, asks you to type the application's name, drains the load balancer and deletes the stack. Final
    snapshots of databases and caches are kept. If the deployment has a good revision to return to, rollback changes
    nothing: this version of HiveMind cannot return to a revision by itself. If it fails to delete the stack, it prints
    the commands that do.
    """
    terms = DestroyTerms(unprotect=unprotect, wait=wait)
    with Listing(as_json=as_json, yes=yes) as screen:
        taken_back = pipeline.rollback(asked(path, environment, local, deployment), screen, terms, delete=delete)
    if taken_back is None:
        return nothing("roll back", as_json=as_json)
    return report(taken_back, "rolled back", ExitCode.ROLLBACK, as_json=as_json)
