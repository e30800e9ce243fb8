"""`hivemind init`: looks at a repository and writes the few lines that it needs."""

from __future__ import annotations

import difflib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hivemind.cli.context import json_option, note, plugins_without, yes_option
from hivemind.cli.table import table
from hivemind.flow.detecting import look
from hivemind.values.defaults import BLUEPRINT_FILE, IGNORE_FILE
from hivemind.values.errors import HiveMindError, Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.descriptions import Wishes
    from hivemind.detections.answer import Answer
    from hivemind.drafts.draft import Draft
    from hivemind.drafts.ignoring import Ignorable
    from hivemind.plugins.loading import Plugins

_SAID = ("runtime_version", "framework", "install", "build", "start", "release", "port", "health_path", "static_dir")


@dataclass(frozen=True)
class Initial:
    """What `init` would write. text: of hivemind.yaml. ignorable: for .hivemindignore."""

    draft: Draft
    text: str
    ignorable: tuple[Ignorable, ...]


@click.command(name="init")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", metavar="NAME", help="Name of the application. Default: that of the folder.")
@yes_option
@json_option
def command(path: Path, name: str | None, yes: bool, as_json: bool) -> int:
    """Look at the application in folder PATH and write a hivemind.yaml with what can't be found again anyway.

    Runs nothing of the folder: a hivemind_plugin.py in it is left out. Where there is a hivemind.yaml already nothing
    is written: the difference is shown.
    """
    target = path / BLUEPRINT_FILE
    standing = _standing(target)
    plugins = plugins_without(path, "init runs nothing of the folder. Its part of the schema: hivemind schema --write")
    asks = not yes and not as_json and standing is None and sys.stdin.isatty()
    initial = compose(path, plugins, name or _named_in(standing), asks=asks)
    if standing is not None:
        return _compared(standing, initial, target, as_json=as_json)
    schema = write(path, plugins, initial)
    if as_json:
        click.echo(json.dumps(_as_json(initial, target, schema)))
        return ExitCode.OK
    show_found(initial.draft)
    _tell_ignored(initial)
    click.echo(f"\n{target} written.  Next: hivemind plan | hivemind apply --local")
    return ExitCode.OK


def compose(
    path: Path,
    plugins: Plugins,
    name: str | None,
    *,
    asks: bool = False,
    wishes: Wishes | None = None,
    environment: str | None = None,
    stage: str | None = None,
) -> Initial:
    """What the repository in a folder needs to be written down.

    name: of the application; None: after the folder. asks: whether a person is asked what is not certain.
    Raises HiveMindError where nothing serves, or the name can't be one.
    """
    from hivemind.descriptions import Wishes
    from hivemind.drafts import naming
    from hivemind.drafts.draft import draft
    from hivemind.drafts.found import services_of
    from hivemind.drafts.ignoring import ignorable
    from hivemind.drafts.text import text

    default = naming.application(path.resolve().name)
    name = naming.checked(name or (click.prompt("Name of the application", default=default) if asks else default))
    repository, detect = look(path, plugins, note)
    named = naming.services(services_of(repository, detect))
    wishes = wishes or Wishes()
    if asks:
        named = _chosen(named)
        wishes = _database_asked(named, wishes)
    parts = plugins.collect("hivemind_schema")
    types = {type_name for part in parts for type_name in part.result.resource_types}
    made = draft(name, named, wishes, resource_types=types, environment=environment, stage=stage)
    return Initial(made, text(made), ignorable(repository))


def write(path: Path, plugins: Plugins, initial: Initial) -> Path:
    """Writes hivemind.yaml, .hivemindignore where there is something for it, and the schema; returns the latter's path.

    Raises Refused where a link stands in the place of one of them: it may lead anywhere.
    """
    from hivemind.drafts import ignoring

    try:
        schema = _write_schema(path, plugins)
        if initial.ignorable:
            with (path / IGNORE_FILE).open("x", encoding="utf-8") as file:
                file.write(ignoring.text(initial.ignorable))
        with (path / BLUEPRINT_FILE).open("x", encoding="utf-8") as file:
            file.write(initial.text)
    except OSError as error:
        raise HiveMindError(f"can't write {error.filename}: {error.strerror}", exit_code=ExitCode.REFUSED) from None
    return schema


def show_found(made: Draft) -> None:
    """Prints each service with what was found, and where; then what contradicts itself."""
    from hivemind.drafts.doubtful import of_draft
    from hivemind.drafts.text import left_out

    for part in made.services.values():
        rows = [
            (f"{part.name}.{field}", str(part.seen.one[field].value), part.seen.one[field].evidence)
            for field in _SAID
            if field in part.seen.one
        ]
        rows += [(f"{part.name}.needs", str(need.value), need.evidence) for need in part.seen.several["needs"]]
        where = "this folder" if part.folder == "." else part.folder + "/"
        click.echo(table([(f"{where}: {_described(part.seen)}",)]))
        click.echo(table(rows))
    for part in made.services.values():
        for what, service in left_out(part):
            click.echo()
            click.echo(table([(f"{what}: it is left out. To run it, add under services:",), (f"  {service}",)]))
    for doubt in of_draft(made):
        click.echo(f"\n{doubt}")


def _described(found: Answer) -> str:
    framework, language = found.value("framework"), found.value("language")
    return f"{language} with {framework}" if framework and framework != language else str(language or "an application")


def _standing(target: Path) -> str | None:
    """The text of the file that is there already."""
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise Refused(
            f"{target} is there already, and is no plain file", hint="`hivemind show` prints what it comes to."
        )
    if not target.exists():
        return None
    try:
        return target.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Refused(f"{target} is there already, and can't be read: {error.strerror}") from None


def _named_in(standing: str | None) -> str | None:
    """The application's name in a file that stands: a person chose it."""
    from hivemind.drafts.naming import LONGEST

    found = re.search(r"^name:\s*([a-z][a-z0-9-]*[a-z0-9]|[a-z])\s*(?:#.*)?$", standing or "", re.MULTILINE)
    return found[1] if found and len(found[1]) <= LONGEST else None


def _compared(standing: str, initial: Initial, target: Path, *, as_json: bool) -> int:
    """Shows what would be written otherwise; nothing is."""
    same = standing == initial.text
    lines = difflib.unified_diff(
        standing.splitlines(), initial.text.splitlines(), f"{target} as it stands", f"{target} as init would write it",
        lineterm="",
    )  # fmt: skip
    shown = "\n".join(table([(line,)]) for line in lines)
    if as_json:
        click.echo(json.dumps({"file": str(target), "written": False, "same": same, "diff": shown}))
        return ExitCode.OK if same else ExitCode.REFUSED
    if same:
        click.echo(f"{target} is there already, and says what init would write: nothing to do.")
        return ExitCode.OK
    click.echo(shown)
    raise Refused(
        f"{target} is there already: nothing was written", hint="`hivemind show` prints what the file comes to."
    )


def _chosen(named: dict[str, tuple[str, Answer]]) -> dict[str, tuple[str, Answer]]:
    """The services that a person wants, where there are several."""
    if len(named) < 2:
        return named
    kept = {
        name: each
        for name, each in named.items()
        if click.confirm(f"Service {name}: {each[0]}/, {_described(each[1])}. Deploy it?", default=True)
    }
    if not kept:
        raise Refused("no service was chosen", hint="Nothing was written.")
    return kept


def _database_asked(named: dict[str, tuple[str, Answer]], wishes: Wishes) -> Wishes:
    """Asks about databases and caches that have something for them, and not enough."""
    from dataclasses import replace

    from hivemind.blueprint.resolve import PROVIDED
    from hivemind.descriptions import Wish

    unsure = {
        str(need.value): need.evidence
        for _, seen in named.values()
        for need in seen.unlikely
        if str(need.value) in PROVIDED and not wishes.values("need")
    }
    wanted = [
        Wish("need", kind, "a database or cache, as answered to init")
        for kind, evidence in unsure.items()
        if click.confirm(f"{kind} is mentioned ({evidence}). Does the application need it?", default=False)
    ]
    return replace(wishes, understood=(*wishes.understood, *wanted))


def _tell_ignored(initial: Initial) -> None:
    for each in initial.ignorable:
        click.echo(table([(f".hivemindignore: {each.path}", f"{each.size / 1024 / 1024:,.0f} MB", each.kind)]))


def _write_schema(path: Path, plugins: Plugins) -> Path:
    from hivemind.cli.schema import WRITTEN, schema_of

    schema = schema_of(plugins)
    target = path / WRITTEN
    ignore = target.parent / ".gitignore"
    if any(each.is_symlink() for each in (target.parent, target, ignore)):
        raise Refused(f"{target.parent} has links in it: nothing is written through them", hint="Remove them first.")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")  # the folder ignores itself: the user's own file is not touched
    return target


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
