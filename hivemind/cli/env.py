"""`hivemind env`: the variables of services."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, environment_option, json_option, local_option
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.cli.table import table
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Compared, Variable

HIDDEN = "(hidden)"


@click.group(name="env")
def command() -> None:
    """Show the variables of services, or what of them would change."""


@command.command(name="show")
@environment_option
@local_option
@json_option
@click.argument("service", required=False)
def show(environment: str | None, local: bool | None, as_json: bool, service: str | None) -> int:
    """List the variables that SERVICE, or every service, gets from the next apply, and where each comes from.

    Values of secrets, and values that look like one, are never shown. What a database's or cache's variables hold is
    known to the instances alone: `hivemind exec web -- env`.
    """
    with Screen(as_json=as_json) as screen:
        found = pipeline.environment(asked(Path(), environment, local), screen, service)
    if as_json:
        click.echo(json.dumps({"services": {name: [_entry(one) for one in of] for name, of in found.items()}}))
        return ExitCode.OK
    rows = [(name, one.name, _value(one), one.origin) for name, of in found.items() for one in of]
    click.echo(table(rows) if rows else "No service has variables.")
    return ExitCode.OK


@command.command(name="diff")
@environment_option
@local_option
@json_option
@click.option("--service", metavar="NAME", help="Only the variables of this service.")
@click.argument("environments", nargs=-1, metavar="[ENV ENV]")
def diff(
    environment: str | None, local: bool | None, as_json: bool, service: str | None, environments: tuple[str, ...]
) -> int:
    """Show which variables the next apply changes, or what differs between two environments of hivemind.yaml.

    `hivemind env diff staging production` compares two environments. Values of secrets are not read: a secret differs
    if it is kept in another place. A value that was replaced in its place is read by `hivemind apply --release-again`.
    """
    if len(environments) not in {0, 2}:
        raise click.UsageError("Name two environments, or none: hivemind env diff staging production.")
    if environments and environment is not None:
        raise click.UsageError("--env is for what the next apply changes: leave it out, or the two environments.")
    where = asked(Path(), environment, local)
    with Screen(as_json=as_json) as screen:
        if environments:
            first, second = environments
            found = pipeline.between(where, screen, first, second, service)
        else:
            found = pipeline.next_changes(where, screen, service)
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        _print(found)
    return ExitCode.OK


def _print(found: Compared) -> None:
    click.echo(folded([f"{found.before} → {found.after}"]))
    rows = []
    for one in found.changes:
        if one.before is None:
            rows.append(("+", one.service, one.variable, _told(one.after)))
        elif one.after is None:
            rows.append(("-", one.service, one.variable, _told(one.before)))
        else:
            rows.append(("~", one.service, one.variable, f"{_told(one.before)} → {_told(one.after)}"))
    if rows:
        click.echo(table(rows))
    elif not found.unknown:
        click.echo("No variable differs.")
    if found.unknown:
        names = ", ".join(found.unknown)
        click.echo(folded([f"Not known: which variables {names} was released with. The next release records them."]))


def _told(mark: str | None) -> str:
    """A mark in words."""
    text = mark or ""
    return "a hidden value" if text.startswith("hidden ") else text.removeprefix("= ")


def _entry(one: Variable) -> dict[str, object]:
    return {"name": one.name, "origin": one.origin, "value": one.value, "secret": one.secret}


def _value(one: Variable) -> str:
    if one.value is not None:
        return one.value
    return HIDDEN if one.secret else "(known when deployed)"
