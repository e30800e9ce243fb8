"""`hivemind ssh`: a shell, or one command, on an instance."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, local_option
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.values.asked import Asked


@click.command("ssh", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@environment_option
@local_option
@deployment_option
@click.option("--service", metavar="NAME", help="Service of the instance. Default: the first.")
@click.option("-i", "--instance", metavar="ID|N", help="EC2 id or number of the instance. Default: the first.")
@click.option("--new-key", is_flag=True, help="Same as `hivemind keys rotate`.")
@click.argument("words", nargs=-1, metavar="[COMMAND...]")
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    service: str | None,
    instance: str | None,
    new_key: bool,
    words: tuple[str, ...],
) -> int:
    """Open a shell on an instance, or run COMMAND there and exit with its exit code."""
    where = asked(Path(), environment, local, deployment)
    if new_key:
        return _new_key(where, alone=not (words or service or instance))
    if not words and not sys.stdin.isatty():
        words = ("/bin/sh", "-s")
    return pipeline.shell(where, service, instance, " ".join(words) or None)


def _new_key(where: Asked, *, alone: bool) -> int:
    if not alone:
        raise click.UsageError("--new-key is for all instances: leave out the command, --service and --instance.")
    with Screen(as_json=False) as screen:
        count = pipeline.new_key(where, screen)
    click.echo(f"{count} instance{'s' if count > 1 else ''} let in the new key alone. It is kept in Parameter Store.")
    return ExitCode.OK
