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

_TITLES = {"needs": "need", "env_required": "env_required", "workers": "worker", "schedulers": "scheduler"}
_OF_ONE = {"library": "a library", "cli": "a command-line tool", "worker": "a worker", "static": "pages to serve"}


@click.command(name="recon")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def command(path: Path, as_json: bool) -> None:
    """Print what HiveMind finds about the application in folder PATH, with file and line.

    recon reads files and runs no code of the folder.
    """
    from hivemind.detections.answer import answer
    from hivemind.detections.services import applications, clashes, meant
    from hivemind.drafts.found import nothing

    repository, detect = pipeline.detector(path, plugins_without(path, "recon runs no code of the folder"), note)
    root = answer(detect("."))
    found = applications(repository, detect)
    folder, root = meant(root, found)
    remarks = [
        f"{sentence}\n  Each gets its own instance. To change the port, "
        f"set services.{each.rpartition('/')[2]}.port: NUMBER"
        for each, sentence in clashes(found)
    ]
    if as_json:
        listed = [_listed(name, each) for name, each in found.items()]
        whole = {"path": folder, **root.as_json(), "applications": listed, "truncated": repository.truncated}
        whole["doubts"] = [*whole["doubts"], *remarks]
        click.echo(json.dumps(whole))
        return
    _print(root)
    if not found and root.value("kind") not in _OF_ONE and not root.several["doubts"]:
        click.echo(f"\n{nothing(repository, root)}")
    if len(found) > 1 or (found and "." not in found):
        _print_list(found)
    for remark in remarks:
        click.echo(f"\n{remark}")
    if repository.truncated:
        click.echo("The repository is too large to read completely: recon skipped some files.", err=True)


def _listed(folder: str, seen: Answer) -> dict[str, Any]:
    fields = ("kind", "language", "framework", "start", "port")
    return {"path": folder, **{field: seen.value(field) for field in fields}}


def _print(found: Answer) -> None:
    from hivemind.drafts.doubtful import doubts

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
    if found.value("kind") in {"library", "cli"}:
        click.echo(f"\nThis is {_OF_ONE[str(found.value('kind'))]}: it serves nothing.")
    for doubt in doubts(found):
        click.echo(f"\n{doubt}")


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
