"""`hivemind init`: writes the few lines of hivemind.yaml that a repository needs."""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hivemind import pipeline
from hivemind.cli.context import json_option, note, plugins_without, yes_option
from hivemind.cli.table import table
from hivemind.text.visible import visible
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.errors import Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer
    from hivemind.pipeline import Initial

_SAID = ("runtime_version", "framework", "install", "build", "start", "release", "port", "health_path", "static_dir")


@click.command(name="init")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", metavar="NAME", help="Name of the application. Default: the name of the folder.")
@yes_option
@json_option
def command(path: Path, name: str | None, yes: bool, as_json: bool) -> int:
    """Write a hivemind.yaml for the application in folder PATH.

    The file has only what HiveMind cannot find in the code at each run. init runs no code of the folder, so it does
    not load a hivemind_plugin.py there. If hivemind.yaml already exists, init shows the difference and writes nothing.
    """
    target = path / BLUEPRINT_FILE
    before = pipeline.written_before(path)
    plugins = plugins_without(path, "init runs no code of the folder. To add it to the schema: hivemind schema --write")
    questions = _Questions() if not yes and not as_json and before is None and sys.stdin.isatty() else None
    initial = pipeline.initial(path, plugins, note, name or pipeline.named_in(before), questions=questions)
    if before is not None:
        return _compared(before, initial, target, as_json=as_json)
    schema = pipeline.write(path, plugins, initial)
    if as_json:
        click.echo(json.dumps(_as_json(initial, target, schema)))
        return ExitCode.OK
    show_found(initial)
    _tell_ignored(initial)
    click.echo(f"\nWrote {target}. Next: hivemind plan | hivemind apply --local")
    return ExitCode.OK


class _Questions:
    """Asks in the terminal."""

    def name(self, default: str) -> str:
        return str(click.prompt("Name of the application", default=default))

    def deploys(self, service: str, folder: str, found: Answer) -> bool:
        return click.confirm(f"Deploy service {service} ({folder}/: {_described(found)})?", default=True)

    def needs(self, kind: str, evidence: str) -> bool:
        return click.confirm(f"The code mentions {kind} ({evidence}). Does the application need it?", default=False)


def show_found(initial: Initial) -> None:
    """Prints each service with what was found, and where; then what contradicts itself."""
    for part in initial.draft.services.values():
        rows = [
            (f"{part.name}.{field}", str(part.seen.one[field].value), part.seen.one[field].evidence)
            for field in _SAID
            if field in part.seen.one
        ]
        rows += [(f"{part.name}.needs", str(need.value), need.evidence) for need in part.seen.several["needs"]]
        rows += [(f"{part.name}.env", str(each.value), each.evidence) for each in part.seen.several["env"]]
        if part.seen.stated:
            rows.append(("instead of", str(part.seen.stated.value), part.seen.stated.evidence))
        where = "this folder" if part.folder == "." else part.folder + "/"
        click.echo(table([(f"{where}: {_described(part.seen)}",)]))
        click.echo(table(rows))
        if not part.seen.serves:
            click.echo(f"No start command found. Write `services.{part.name}.start: COMMAND`.")
    for what, service in initial.left_out:
        click.echo()
        click.echo(table([(f"{what}, not in the file. To run it, add under services:",), (f"  {service}",)]))
    for doubt in initial.doubts:
        click.echo(f"\n{doubt}")


def _described(found: Answer) -> str:
    framework, language = found.value("framework"), found.value("language")
    return f"{language} with {framework}" if framework and framework != language else str(language or "an application")


def _compared(before: str, initial: Initial, target: Path, *, as_json: bool) -> int:
    """Shows what would be written otherwise; nothing is."""
    same = before == initial.text
    lines = difflib.unified_diff(
        before.splitlines(), initial.text.splitlines(), f"{target} (current)", f"{target} (as init would write it)",
        lineterm="",
    )  # fmt: skip
    shown = "\n".join(visible(line) for line in lines)
    if as_json:
        click.echo(json.dumps({"file": str(target), "written": False, "same": same, "diff": shown}))
        return ExitCode.OK if same else ExitCode.REFUSED
    if same:
        click.echo(f"{target} is already up to date.")
        return ExitCode.OK
    click.echo(shown)
    raise Refused(f"{target} already exists. Nothing was written.", hint="`hivemind show` prints its values.")


def _tell_ignored(initial: Initial) -> None:
    for each in initial.ignorable:
        click.echo(table([(f".hivemindignore: {each.path}", f"{each.size / 1024 / 1024:,.0f} MB", each.kind)]))


def _as_json(initial: Initial, target: Path, schema: Path) -> dict[str, Any]:
    return {
        "file": str(target),
        "written": True,
        "schema": str(schema),
        "name": initial.draft.name,
        "ignored": [each.path for each in initial.ignorable],
        "services": {
            part.name: {"path": part.folder, **part.seen.as_json()} for part in initial.draft.services.values()
        },
    }
