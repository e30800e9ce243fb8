"""`hivemind events`: a deployment's journal."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind.cli.context import environment_option, json_option, path_argument
from hivemind.cli.known import deployment_option, require


@click.command("events")
@path_argument
@environment_option
@deployment_option
@click.option("-n", "--last", type=click.IntRange(1), metavar="N", help="Only the last N events.")
@click.option("--all", "every", is_flag=True, help="Of all attempts, not only the last.")
@json_option
def command(
    path: Path, environment: str | None, deployment: str | None, last: int | None, every: bool, as_json: bool
) -> None:
    """Print the journal of a deployment: what was done, when, by which attempt."""
    import sys

    from hivemind.cli.progress import JsonLines, PlainLines
    from hivemind.deploy.journal import last_attempt, read_journal

    known = require(path, environment, deployment)
    attempt = None if every else last_attempt(known.folder)
    events = list(read_journal(known.folder, attempt=attempt))
    show = JsonLines(sys.stdout) if as_json else PlainLines(sys.stdout)
    for event in events[-last:] if last else events:
        show(event)
