"""`hivemind schema`: the JSON Schema of hivemind.yaml, for people and editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hivemind.cli.context import json_option, plugins_here
from hivemind.values.errors import FindingsError, HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.plugins.loading import Plugins

WRITTEN = Path(".hivemind") / "schema.json"
MODELINE = f"# yaml-language-server: $schema={WRITTEN.as_posix()}"


@click.command(name="schema")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help=f"Write it to {WRITTEN.as_posix()}, where the editor modeline finds it.")
@json_option
def command(path: Path, write: bool, as_json: bool) -> None:
    """Print the JSON Schema of hivemind.yaml with the parts of all plugins that are loaded for PATH.

    The hivemind_plugin.py of the current folder is run; that of another folder is not.
    """
    schema = schema_of(plugins_here(path, "schema"))
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    if not write:
        click.echo(json.dumps(schema, ensure_ascii=False) + "\n" if as_json else text, nl=False)
        return
    target = (path if path.is_dir() else path.parent) / WRITTEN
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"can't write {target}: {error.strerror}"
        raise HiveMindError(message, hint="Check the folder's permissions.", exit_code=ExitCode.REFUSED) from None
    if as_json:
        click.echo(json.dumps({"file": str(target), "written": True, "modeline": MODELINE}))
        return
    click.echo(f"{target} written.  First line for hivemind.yaml:  {MODELINE}")


def schema_of(plugins: Plugins) -> dict[str, Any]:
    """The schema with the parts of all plugins. Raises FindingsError for parts that are wrong, naming their plugins."""
    from hivemind.blueprint.schema import merged
    from hivemind.blueprint.schemafaults import blame

    parts = {part.plugin: part.result for part in plugins.collect("hivemind_schema")}
    described = plugins.described()
    try:
        if set(described) & set(parts):
            blame({name: part for name, part in parts.items() if name in described}, described)
        return merged(parts, described)
    except FindingsError as error:
        raise FindingsError(plugins.placed(error.findings, "hivemind_schema")) from None
