"""`hivemind secrets`: what the blueprint's secrets are, and storing one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, environment_option, json_option, local_option, path_argument
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.cli.table import table
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Secret


@click.group(name="secrets")
def command() -> None:
    """List the secrets of hivemind.yaml, or store one."""


@command.command(name="list")
@path_argument
@environment_option
@local_option
@json_option
def list_(path: Path, environment: str | None, local: bool | None, as_json: bool) -> int:
    """List the secrets, where each is kept, and whether it is there. Values are not read."""
    with Screen(as_json=as_json) as screen:
        found = pipeline.secrets(asked(path, environment, local), screen)
    if as_json:
        click.echo(json.dumps({"secrets": [asdict(each) for each in found]}))
    elif not found:
        click.echo("hivemind.yaml has no secrets.")
    else:
        click.echo(table([(each.service, each.variable, each.reference, _word(each)) for each in found]))
    return ExitCode.OK


def _word(secret: Secret) -> str:
    if secret.reference == "generate":
        return "made with the stack"
    return "stored" if secret.stored else "missing"


@command.command(name="set")
@click.argument("name")
@path_argument
@environment_option
@local_option
@click.option(
    "--service", metavar="NAME", help="Service whose secret it is, where several keep it in different places."
)
@json_option
def set_(name: str, path: Path, environment: str | None, local: bool | None, service: str | None, as_json: bool) -> int:
    """Store the value of the secret NAME where hivemind.yaml says.

    The value is read from standard input, or asked for without showing it. A value that exists is replaced.
    """
    if sys.stdin.isatty():
        value = str(click.prompt(f"Value of {name}", hide_input=True, err=True))
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        raise click.UsageError("The value is empty. Write it to standard input.")
    with Screen(as_json=as_json) as screen:
        stored = pipeline.store_secret(asked(path, environment, local), screen, name, value, service=service)
    if as_json:
        click.echo(json.dumps({"secrets": [asdict(each) for each in stored]}))
    else:
        kept = stored[0]
        services = ", ".join(each.service for each in stored)
        said = f"Stored {name} of {services} in {kept.reference}, {kept.region}."
        click.echo(folded([f"{said} Release it: hivemind apply --release-again"]))
    return ExitCode.OK
