"""`hivemind schema`: the JSON Schema of hivemind.yaml, for people and editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import json_option, plugins_here
from hivemind.values.defaults import SCHEMA_FILE

MODELINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"


@click.command(name="schema")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help=f"Write the schema to {SCHEMA_FILE}, where editors find it.")
@json_option
def command(path: Path, write: bool, as_json: bool) -> None:
    """Print the JSON Schema of hivemind.yaml, including the parts of plugins.

    Loads the hivemind_plugin.py of the current folder, but not that of another folder PATH.
    """
    plugins = plugins_here(path, "schema")
    if not write:
        schema = pipeline.schema_of(plugins)
        click.echo(json.dumps(schema, ensure_ascii=False, indent=None if as_json else 2))
        return
    target = pipeline.write_schema(path if path.is_dir() else path.parent, pipeline.schema_of(plugins))
    if as_json:
        click.echo(json.dumps({"file": str(target), "written": True, "modeline": MODELINE}))
        return
    click.echo(f"Wrote {target}. To use it in an editor, start hivemind.yaml with:\n{MODELINE}")
