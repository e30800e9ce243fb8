"""`hivemind ssh`: a shell, or one command, on an instance."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, local_option


@click.command("ssh", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@environment_option
@local_option
@deployment_option
@click.option("--service", metavar="NAME", help="Service of the instance. Default: the first.")
@click.option("-i", "--instance", metavar="ID|N", help="EC2 id or number of the instance. Default: the first.")
@click.argument("words", nargs=-1, metavar="[COMMAND...]")
def command(
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    service: str | None,
    instance: str | None,
    words: tuple[str, ...],
) -> int:
    """Open a shell on an instance, or run COMMAND there and exit with its exit code."""
    if not words and not sys.stdin.isatty():
        words = ("/bin/sh", "-s")
    return pipeline.shell(asked(Path(), environment, local, deployment), service, instance, " ".join(words) or None)
