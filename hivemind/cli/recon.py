"""`hivemind recon`: what HiveMind finds in a repository, with evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hivemind import pipeline
from hivemind.cli.context import json_option, note, plugins_without
from hivemind.cli.table import table

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer

_TITLES = {
    "needs": "need",
    "env_required": "env_required",
    "env": "env",
    "workers": "worker",
    "schedulers": "scheduler",
}
_OF_ONE = {"library": "a library", "cli": "a command-line tool"}


@click.command(name="recon")
@click.argument("path", default=".", type=click.Path(exists=True, path_type=Path))
@json_option
def command(path: Path, as_json: bool) -> None:
    """Print what HiveMind finds about the application in folder PATH, or in that of the file PATH, with file and line.

    recon reads files and runs no code of the folder.
    """
    path = path if path.is_dir() else path.parent
    seen = pipeline.seen(path, plugins_without(path, "recon runs no code of the folder"), note)
    if as_json:
        listed = [_listed(name, each) for name, each in seen.applications.items()]
        whole = {"path": seen.folder, **seen.answer.as_json(), "applications": listed, "truncated": seen.truncated}
        whole["doubts"] = [*whole["doubts"], *seen.clashes]
        click.echo(json.dumps(whole))
        return
    _print(seen.answer)
    for doubt in seen.doubts:
        click.echo(f"\n{doubt}")
    if seen.nothing:
        click.echo(f"\n{seen.nothing}")
    if len(seen.applications) > 1 or (seen.applications and "." not in seen.applications):
        _print_list(seen.applications)
    for remark in seen.clashes:
        click.echo(f"\n{remark}")
    if seen.truncated:
        click.echo("The repository is too large to read completely: recon skipped some files.", err=True)


def _listed(folder: str, seen: Answer) -> dict[str, Any]:
    fields = ("kind", "language", "framework", "start", "port")
    return {"path": folder, **{field: seen.value(field) for field in fields}}


def _print(found: Answer) -> None:
    rows = []
    for field, each in found.one.items():
        if field == "start" and found.stated:
            stated = found.stated
            rows.append((field, str(stated.value), stated.evidence, _sure(stated.confidence)))
            field = "runs here"  # noqa: PLW2901 - the same row under its other name
        rows.append((field, str(each.value), each.evidence, _sure(each.confidence)))
    rows += [
        (_TITLES[name], str(each.value), each.evidence, _sure(each.confidence))
        for name, several in found.several.items()
        if name in _TITLES
        for each in several
    ]
    rows += [("could use", str(each.value), each.evidence, _sure(each.confidence)) for each in found.unlikely]
    click.echo(table(rows) if rows else "No application found.")
    if found.value("kind") in _OF_ONE:
        click.echo(f"\nThis is {_OF_ONE[str(found.value('kind'))]}: it serves nothing.")


def _print_list(found: Mapping[str, Answer]) -> None:
    click.echo("\nApplications in this repository:")
    rows = [
        (folder, str(seen.value("kind") or ""), str(seen.value("framework") or seen.value("language") or ""),
         str(seen.value("static_dir" if seen.value("kind") == "static" else "start") or ""))
        for folder, seen in found.items()
    ]  # fmt: skip
    click.echo(table(rows))


def _sure(confidence: float) -> str:
    return "" if confidence >= 0.9 else f"{confidence:.0%} sure"
