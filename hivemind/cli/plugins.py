"""`hivemind plugins`: what is loaded, from where, with which hooks."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind.cli.context import json_option, path_argument, plugins_here


@click.command(name="plugins")
@path_argument
@json_option
def command(path: Path, as_json: bool) -> None:
    """List plugins, the package or file of each, and the hooks it implements.

    Loads the hivemind_plugin.py of the current folder, but not that of another folder PATH.
    """
    plugins = plugins_here(path, "plugins").list()
    if as_json:
        click.echo(json.dumps({"plugins": [plugin.as_json() for plugin in plugins]}))
        return
    width = max((len(plugin.name) for plugin in plugins), default=0)
    for plugin in plugins:
        origin = f"{plugin.distribution} {plugin.version}" if plugin.distribution else plugin.module
        if plugin.source == "builtin":
            origin = "built in"
        click.echo(f"{plugin.name:{width}}  {origin}" + (f"  [{plugin.source}]" if plugin.source == "-p" else ""))
        if plugin.quarantined:
            click.secho(f"{'':{width}}    not loaded: {plugin.quarantined}", fg="red")
        elif plugin.hooks:
            click.echo(f"{'':{width}}    {', '.join(hook.removeprefix('hivemind_') for hook in plugin.hooks)}")
