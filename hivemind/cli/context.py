"""What commands share: global options, loading plugins with them, and options that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from hivemind.plugins.loading import Plugins

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Globals:
    """The options before the command. names: `-p NAME`; blocked: `-p no:NAME`; third_party: not `--no-plugins`."""

    names: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    third_party: bool = True


def load_plugins(path: Path | str = ".") -> Plugins:
    """The plugins of this run, as the global options say. path: the blueprint or its folder.

    Tells the user, on standard error, of a project's own plugin and of plugins that were set aside.
    """
    return _loaded(_folder(Path(path)))


def plugins_without(path: Path, why: str) -> Plugins:
    """As `load_plugins`, without the plugin that lies in the folder: nothing of it is run. why: said where there is
    one, after "is left out: "."""
    file = _own_plugin(_folder(path))
    if file is not None:
        click.echo(f"note: {file} is left out: {why}", err=True)
    return _loaded(None)


def plugins_here(path: Path, command: str) -> Plugins:
    """As `load_plugins` where the path is the current folder, or a file in it; elsewhere as `plugins_without`."""
    folder = _folder(path)
    if folder.resolve() == Path.cwd():
        return _loaded(folder)
    return plugins_without(path, f"another folder's code is run by  hivemind -C {folder} {command}")


def tell_broken_plugin(path: Path) -> None:
    """Says, on standard error, that the project's own plugin can't be loaded, for a command that goes on without."""
    from hivemind.plugins.loading import load

    if _own_plugin(folder := _folder(path)) is None:
        return
    for plugin in load(project=folder, blocked=_options().blocked).list():
        if plugin.source == "project" and plugin.quarantined:
            click.echo(f'warning: plugin "{plugin.name}" ({plugin.module}) is left out: {plugin.quarantined}', err=True)


def note(text: str) -> None:
    """A line beside what was asked for: on standard error."""
    click.echo(text, err=True)


def _loaded(project: Path | None) -> Plugins:
    from hivemind.plugins.loading import load

    options = _options()
    plugins = load(project=project, names=options.names, blocked=options.blocked, third_party=options.third_party)
    for note in plugins.notes:
        click.echo(f"note: {note}", err=True)
    return plugins


def _own_plugin(folder: Path) -> Path | None:
    """The plugin in a folder that would be loaded from there, by the global options."""
    from hivemind.values.defaults import PROJECT_PLUGIN

    file, options = folder / PROJECT_PLUGIN, _options()
    there = file.is_symlink() or file.exists()
    return file if there and options.third_party and file.stem not in options.blocked else None


def _options() -> Globals:
    ctx = click.get_current_context(silent=True)
    return (ctx.find_object(Globals) if ctx else None) or Globals()


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def path_argument(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`PATH`: the blueprint or a folder with hivemind.yaml in it. Handed over as `path: Path`."""
    return click.argument("path", default=".", type=click.Path(path_type=Path, readable=False))(function)


def environment_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--env NAME`. Handed over as `environment: str | None`."""
    return click.option(
        "-e", "--env", "environment", metavar="NAME", help="Environment: the overlay of this name. Default: production."
    )(function)


def deployment_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--deployment ID`. Handed over as `deployment: str | None`."""
    return click.option(
        "-d", "--deployment", metavar="ID", help="The deployment with this id (hivemind list), not the one of PATH."
    )(function)


def local_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--local / --aws`. Handed over as `local: bool | None`; None: as the blueprint says."""
    return click.option(
        "--local/--aws",
        "local",
        default=None,
        help="Use the local cloud, or AWS. Default: as the blueprint says, else AWS.",
    )(function)


def json_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--json`. Handed over as `as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="Print data (JSON) in place of text.")(function)


def yes_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--yes`. Handed over as `yes: bool`."""
    return click.option("-y", "--yes", is_flag=True, help="Ask nothing; take yes for an answer.")(function)


def again_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--release-again`. Handed over as `again: bool`."""
    return click.option(
        "--release-again",
        "again",
        is_flag=True,
        help="Release every service, also where nothing changed: after a secret got another value.",
    )(function)
