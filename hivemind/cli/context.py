"""What commands share: global options, loading plugins with them, and options that mean the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from hivemind.cli.paragraphs import folded
from hivemind.values.asked import Asked, PluginChoice

if TYPE_CHECKING:
    from hivemind.pipeline import Plugins

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def asked(
    path: Path = Path(), environment: str | None = None, local: bool | None = None, deployment: str | None = None
) -> Asked:
    """What a command line asks for, with the plugins that its global options choose."""
    return Asked(path, environment, local, deployment, _options())


def load_plugins(path: Path | str = ".") -> Plugins:
    """The plugins of this run, as the global options say. path: the blueprint or its folder.

    Tells the user, on standard error, of a project's own plugin and of plugins that were set aside.
    """
    return _loaded(_folder(Path(path)))


def plugins_without(path: Path, why: str) -> Plugins:
    """As `load_plugins`, without the plugin that lies in the folder: nothing of it is run. why: said where there is
    one, after "not loading FILE: "."""
    from hivemind.pipeline import loaded_without

    return loaded_without(path, _options(), why, note)


def plugins_here(path: Path, command: str) -> Plugins:
    """As `load_plugins` where the path is the current folder, or a file in it; elsewhere as `plugins_without`."""
    folder = _folder(path)
    if folder.resolve() == Path.cwd():
        return _loaded(folder)
    return plugins_without(path, f"it is in another folder. To run it: hivemind -C {folder} {command}")


def note(text: str) -> None:
    """Lines beside what was asked for, folded: on standard error."""
    click.echo(folded(text.split("\n")), err=True)


def _loaded(project: Path | None) -> Plugins:
    from hivemind.pipeline import loaded

    return loaded(project, _options(), note)


def _options() -> PluginChoice:
    """The options before the command."""
    ctx = click.get_current_context(silent=True)
    return (ctx.find_object(PluginChoice) if ctx else None) or PluginChoice()


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def path_argument(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`PATH`: the blueprint or a folder with hivemind.yaml in it. Handed over as `path: Path`."""
    return click.argument("path", default=".", type=click.Path(path_type=Path, readable=False))(function)


def role_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--role-arn ARN`. Handed over as `role_arn: str | None`."""
    return click.option(
        "--role-arn",
        metavar="ARN",
        callback=_role,
        help="The role that CloudFormation works as, in place of `role_arn` in hivemind.yaml.",
    )(function)


def _role(_: click.Context, __: click.Parameter, given: str | None) -> str | None:
    if given is not None and not re.fullmatch(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+", given):
        raise click.BadParameter(f"{given}: not the ARN of a role, such as arn:aws:iam::123456789012:role/NAME")
    return given


def environment_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--env NAME`. Handed over as `environment: str | None`."""
    return click.option(
        "-e", "--env", "environment", metavar="NAME", help="Environment in hivemind.yaml. Default: production."
    )(function)


def deployment_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--deployment ID`. Handed over as `deployment: str | None`."""
    return click.option(
        "-d",
        "--deployment",
        metavar="ID",
        help="Deployment id (hivemind list), instead of the deployment of PATH.",
    )(function)


def local_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--local / --aws`. Handed over as `local: bool | None`; None: as the blueprint says."""
    return click.option(
        "--local/--aws",
        "local",
        default=None,
        help="Use the local cloud or AWS. Default: the blueprint's cloud, then that of the last apply, then AWS.",
    )(function)


def json_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--json`. Handed over as `as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def yes_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--yes`. Handed over as `yes: bool`."""
    return click.option("-y", "--yes", is_flag=True, help="Don't ask for confirmation.")(function)


def again_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--release-again`. Handed over as `again: bool`."""
    return click.option(
        "--release-again",
        "again",
        is_flag=True,
        help="Release every service, even if nothing changed. Use it after a secret has a new value.",
    )(function)


def wait_option(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """`--wait SECONDS`. Handed over as `wait: float`; 0: not at all."""
    return click.option(
        "--wait",
        type=click.FloatRange(0),
        default=0.0,
        metavar="SECONDS",
        help="Wait this long for another run to end. Default: don't wait.",
    )(function)
