"""`hivemind exec`: a command in the present release of a service."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Executed


@click.command("exec")
@environment_option
@local_option
@deployment_option
@click.option("-i", "--instance", metavar="ID|N", help="EC2 id or number of the instance. Default: the first.")
@click.option("--all", "every", is_flag=True, help="Run on all instances of SERVICE, without input.")
@json_option
@click.argument("service")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    instance: str | None,
    every: bool,
    as_json: bool,
    service: str,
    words: tuple[str, ...],
) -> int:
    """Run COMMAND on an instance of SERVICE and exit with its exit code.

    It runs in the folder of the current release, with the application's variables and secrets, as the application's
    user: `hivemind exec web -- python manage.py check`. Quote a command for the shell: `hivemind exec web -- 'ls | wc
    -l'`. Input and terminal are passed through, and it ends with the connection. The journal records who ran what,
    without secrets: `hivemind events --commands`. The output is not masked.

    With --all, each line begins with the instance, and the exit code is the highest one, or 12 if an instance cannot be
    reached.
    """
    where = asked(Path(), environment, local, deployment)
    if not words:
        raise click.UsageError("Name a command: hivemind exec SERVICE -- COMMAND. Shell: hivemind console SERVICE.")
    if not every:
        if as_json:
            raise click.UsageError("--json is for --all: the output of one instance is passed through.")
        return pipeline.execute(where, service, instance, words, verb="exec")
    if instance is not None:
        raise click.UsageError("--all and --instance exclude each other.")
    done = pipeline.execute_on_all(where, service, words)
    if as_json:
        click.echo(json.dumps({"results": [asdict(one) for one in done]}))
    else:
        _print(done)
    if any(one.code is None for one in done):
        return ExitCode.DEPLOY
    return max(one.code or 0 for one in done)


def _print(done: tuple[Executed, ...]) -> None:
    for one in done:
        name = f"{one.service} {one.number}"
        for text, aside in ((one.output, False), (one.errors, True)):
            for line in text.splitlines():
                click.echo(f"{name} | {line}", err=aside)
        if one.trouble is not None:
            click.echo(f"{name} ({one.instance}): {one.trouble}", err=True)
        elif one.code:
            click.echo(f"{name} ({one.instance}): exit code {one.code}", err=True)
