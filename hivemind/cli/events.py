"""`hivemind events`: a deployment's journal."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, path_argument
from hivemind.cli.screen import Screen


@click.command("events")
@path_argument
@environment_option
@deployment_option
@click.option("-n", "--last", type=click.IntRange(1), metavar="N", help="Print only the last N events.")
@click.option("--all", "every", is_flag=True, help="Print all attempts, not only the last.")
@click.option("--commands", is_flag=True, help="Print who ran which command on instances, in all attempts.")
@json_option
def command(
    path: Path,
    environment: str | None,
    deployment: str | None,
    last: int | None,
    every: bool,
    commands: bool,
    as_json: bool,
) -> None:
    """Print the journal of a deployment: the events of its last attempt.

    With --commands, print what people ran with `hivemind exec`, `console` and `run`: when, who, where and what.
    """
    import json

    from hivemind.cli.tree import duration

    with Screen(as_json=as_json) as screen:
        where = asked(path, environment, None, deployment)
        found = pipeline.events(where, screen, last=last, every=every, commands=commands)
    for event in found:
        if as_json:
            click.echo(json.dumps(event.as_json(), ensure_ascii=False))
            continue
        took = f"  {duration(event.data['seconds'])}" if "seconds" in event.data else ""
        step = "" if event.step == event.stage else event.step
        parts = (f"{event.time[:19]}Z", f"{event.stage:9}", step, event.kind.value, event.message)
        click.echo("  ".join(part for part in parts if part).rstrip() + took)
