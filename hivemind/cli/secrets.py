"""`hivemind secrets`: what the blueprint's secrets are, storing and deleting them."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, environment_option, json_option, local_option, path_argument, yes_option
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.cli.table import table
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Decision, Proposal, Secret


service_option = click.option(
    "--service", metavar="NAME", help="Service whose secret it is, where several keep it in different places."
)


@click.group(name="secrets")
def command() -> None:
    """List, store or delete the secrets of hivemind.yaml."""


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
@service_option
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


@command.command(name="import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@environment_option
@local_option
@service_option
@click.option("--skip-unknown", is_flag=True, help="Pass over variables that are no secrets of hivemind.yaml.")
@json_option
def import_(
    file: IO[str], environment: str | None, local: bool | None, service: str | None, skip_unknown: bool, as_json: bool
) -> int:
    """Store the values in FILE, a `.env` file, where hivemind.yaml says. `-` is standard input.

    Each line is NAME=value. Quotes, comments and `export` are understood; `$NAME` in a value is plain text. The whole
    file is checked before anything is stored, and no value is shown.
    """
    name = file.name if isinstance(file.name, str) else "<stdin>"
    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{name} is not text in UTF-8: byte {error.start}.") from None
    with Screen(as_json=as_json) as screen:
        stored, skipped = pipeline.store_secrets(
            asked(Path(), environment, local), screen, name, text, service=service, skip_unknown=skip_unknown
        )
    if as_json:
        click.echo(json.dumps({"secrets": [asdict(each) for each in stored], "skipped": list(skipped)}))
        return ExitCode.OK
    if stored:
        click.echo(table([(each.service, each.variable, each.reference, "stored") for each in stored]))
    if skipped:
        click.echo(folded([f"No secrets of hivemind.yaml, not stored: {', '.join(skipped)}."]))
    if stored:
        click.echo("Release them: hivemind apply --release-again")
    return ExitCode.OK


@command.command(name="unset")
@click.argument("name")
@path_argument
@environment_option
@local_option
@service_option
@yes_option
@json_option
def unset(
    name: str,
    path: Path,
    environment: str | None,
    local: bool | None,
    service: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Delete the value of the secret NAME where hivemind.yaml says.

    The release that runs keeps the value that it has; the next release is refused until `hivemind secrets set` stores
    one, or hivemind.yaml names it no more. Instances that a group adds meanwhile do not start. A secret of Secrets
    Manager can be restored for 30 days; a parameter of SSM cannot.
    """
    with _Unsetting(as_json=as_json, yes=yes) as screen:
        gone = pipeline.unset_secret(asked(path, environment, local), screen, name, service=service)
    if as_json:
        click.echo(json.dumps({"secrets": [asdict(each) for each in gone]}))
    else:
        click.echo(folded([f"Deleted {name} in {gone[0].reference}, {gone[0].region}."]))
    return ExitCode.OK


class _Unsetting(Screen):
    """Asks before a value is deleted."""

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, pipeline.ProposedUnset):
            return super().approve(proposal)
        where = f"{proposal.reference} in {proposal.region} (of {', '.join(proposal.kept_for)})"
        command = f"hivemind secrets unset {proposal.variable} --yes"
        return self.confirmed(f"Delete {where}?", command, "Not deleted.")
