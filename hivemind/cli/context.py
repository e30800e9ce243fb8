"""What commands share: global options, loading plugins with them, and options that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from hivemind.plugins import Plugins

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
    from hivemind.plugins import load

    ctx = click.get_current_context(silent=True)
    options = (ctx.find_object(Globals) if ctx else None) or Globals()
    path = Path(path)
    project = path if path.is_dir() else path.parent
    plugins = load(project=project, names=options.names, blocked=options.blocked, third_party=options.third_party)
    for note in plugins.notes:
        click.echo(f"note: {note}", err=True)
    return plugins


def path_argument(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`PATH`: the blueprint or a folder with hivemind.yaml in it. Handed over as `path: Path`."""
    return click.argument("path", default=".", type=click.Path(path_type=Path, readable=False))(function)


def environment_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--env NAME`. Handed over as `environment: str | None`."""
    return click.option(
        "-e", "--env", "environment", metavar="NAME", help="Environment: the overlay of this name. Default: production."
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
