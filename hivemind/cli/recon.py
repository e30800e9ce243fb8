"""`hivemind recon`: what can be told about a repository, with evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind.cli.context import json_option, load_plugins
from hivemind.cli.looking import look
from hivemind.cli.table import table

if TYPE_CHECKING:
    from hivemind.agents.recon.answer import Answer


@click.command(name="recon")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def command(path: Path, as_json: bool) -> None:
    """Print what can be told about the application in folder PATH, and where it is written. Runs nothing of it."""
    from hivemind.agents.recon.services import services

    repository, detect = look(path, load_plugins(path))
    from hivemind.agents.recon.answer import answer

    root = answer(detect("."))
    if as_json:
        click.echo(json.dumps(root.as_json(), indent=2))
        return
    _print(root)
    others = services(repository, detect) if not root.serves else {}
    for folder, found in others.items():
        click.echo(f"\n{folder}/")
        _print(found)
    if repository.truncated:
        click.echo("The repository is larger than what is looked at: some files were left out.", err=True)


def _print(found: Answer) -> None:
    rows = [(field, str(each.value), each.evidence, _sure(each.confidence)) for field, each in found.one.items()]
    rows += [
        (name.rstrip("s"), str(each.value), each.evidence, _sure(each.confidence))
        for name, several in found.several.items()
        for each in several
    ]
    click.echo(table(rows) if rows else "nothing that runs was recognised")


def _sure(confidence: float) -> str:
    return "" if confidence >= 0.9 else f"{confidence:.0%} sure"
