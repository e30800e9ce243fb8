"""`hivemind local`: start, stop, look at or reset the local cloud, and put faults into it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hivemind import pipeline
from hivemind.cli.context import json_option, yes_option
from hivemind.cli.local_faults import fault
from hivemind.cli.paragraphs import folded
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Running

PACES = ("real", "fast", "instant")
FASTEST = 2000
"""The largest number that a pace can be."""


class _Pace(click.ParamType[str]):
    """One of the paces by name, or how many times faster than AWS all of it is."""

    name = "pace"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0
        if value not in PACES and not 1 <= number <= FASTEST:
            self.fail(f"{value!r} is not one of {', '.join(PACES)}, or a number from 1 to {FASTEST}.", param, ctx)
        return str(number) if number else value


@click.group(name="local")
def command() -> None:
    """Manage the local cloud: an AWS region on this machine that runs real applications."""


@command.command()
@click.option(
    "--pace",
    type=_Pace(),
    metavar=f"[{'|'.join(PACES)}|NUMBER]",
    help="How long resources and health checks take: as on AWS, 2,000 and 30 times faster, or almost nothing. "
    "A number: all of it that many times faster. "
    "Default: as at the last start, and fast at the first.",
)
@json_option
def start(pace: str | None, as_json: bool) -> ExitCode:
    """Start the local cloud.

    It runs until `hivemind local stop`.
    """
    before = pipeline.find_local_cloud()
    running = pipeline.start_local_cloud(pace=pace)
    now = running.ask("status")["time"] if before and pace else pace
    if pace != now:
        click.echo(f"Error: the local cloud is already running, at the pace {now}.", err=True)
        click.echo(f"Stop it first: hivemind local stop && hivemind local start --pace {pace}", err=True)
        return ExitCode.REFUSED
    if as_json:
        _print_json(running.as_json() | {"already_running": before is not None})
        return ExitCode.OK
    state = "is already running" if before else "is running"
    click.echo(f"The local cloud {state} at {running.endpoint} (process {running.pid}).")
    return ExitCode.OK


@command.command()
@json_option
def ca(as_json: bool) -> None:
    """Print the file with the certificate of the local cloud's authority.

    It signs the certificates of HTTPS addresses. Trust it to open them without a warning: `curl --cacert FILE`, or add
    it to the authorities of your browser. Its key stays on this machine, readable by you alone.
    """
    file = pipeline.local_authority()
    if as_json:
        _print_json({"certificate": str(file)})
    else:
        click.echo(str(file))


@command.command()
@json_option
def stop(as_json: bool) -> None:
    """Stop the local cloud and keep its data.

    Its stacks, databases and instances come back at the next start.
    """
    stopped = pipeline.stop_local_cloud()
    if as_json:
        _print_json({"stopped": stopped})
        return
    click.echo("Stopped the local cloud. Its data is kept." if stopped else "The local cloud is not running.")


@command.command()
@json_option
def status(as_json: bool) -> ExitCode:
    """Show the local cloud and its stacks.

    The exit code is 8 if it is not running.
    """
    running = pipeline.find_local_cloud()
    if running is None:
        if as_json:
            _print_json({"running": False, "data_directory": str(pipeline.local_cloud_folder())})
        else:
            click.echo("The local cloud is not running. Start it: hivemind local start")
        return ExitCode.UNREACHABLE
    told = running.ask("status")
    if as_json:
        number = running.accounts[-1].number if running.accounts else "000000000000"
        _print_json({"running": True, "account": number} | running.as_json() | told)
        return ExitCode.OK
    click.echo(folded(_described(running, told)))
    return ExitCode.OK


def _described(running: Running, told: dict[str, Any]) -> Iterator[str]:
    yield f"endpoint   {running.endpoint}"
    yield f"region     {running.region} (accepts any region)"
    yield f"process    {running.pid}{', started on demand' if running.on_demand else ''}"
    if running.outdated:
        yield f"code       outdated: {running.outdated}. {pipeline.RESTART}"
    yield f"data       {running.directory}"
    yield f"instances  {_instances(told)}"
    yield f"pace       {told['time']}: health checks and draining are {told['pace']:g} times faster than on AWS"
    for account in running.accounts:
        yield f"account    {account.number}  {account.name}  {account.checkout}"
    for stack in told["stacks"]:
        yield f"stack      {stack['name']}  {stack['account']}  {stack['region']}"


def _instances(told: dict[str, Any]) -> str:
    if told["instances"] == "namespaces":
        return "isolated in namespaces"
    return f"not isolated, share this machine's ports: {told['instances_reason']}"


@command.command()
@yes_option
@json_option
def reset(yes: bool, as_json: bool) -> ExitCode:
    """Delete the local cloud and its data.

    Stops it first. Deletes everything in it, including databases and their snapshots.
    """
    running = pipeline.find_local_cloud()
    if not yes:
        for stack in running.ask("status")["stacks"] if running else ():
            click.echo(f"{stack['name']}  account {stack['account']}  {stack['region']}", err=True)
        if not click.confirm(f"Delete everything in {pipeline.local_cloud_folder()}?", err=True):
            return ExitCode.REFUSED
    was_there = pipeline.reset_local_cloud()
    if as_json:
        _print_json({"reset": was_there})
    else:
        click.echo("Deleted the local cloud and its data." if was_there else "There is no local cloud to delete.")
    return ExitCode.OK


@command.command()
@click.option("--name", metavar="NAME", help="Deployment whose account to use. Default: the first of this folder.")
@json_option
def env(name: str | None, as_json: bool) -> None:
    """Print variables for the AWS CLI.

    They point the AWS CLI at the local cloud. Usage: eval "$(hivemind local env)"
    """
    running = pipeline.require_local_cloud()
    here = str(Path.cwd().resolve())
    mine = [one for one in running.accounts if one.checkout == here and name in {None, one.name}]
    account = mine[0].number if mine else "000000000000"
    stacks = [one for one in running.ask("status")["stacks"] if mine and one["account"] == account]
    ours = [one for one in stacks if one["name"].startswith(f"{mine[0].name}-")]
    values = {
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": running.secret_key,
        # Where the deployment is, so that the AWS CLI finds its stack.
        "AWS_DEFAULT_REGION": ours[0]["region"] if ours else _region(),
    }
    if as_json:
        _print_json(values)
        return
    for key, value in values.items():
        click.echo(f"export {key}={shlex.quote(value)}")


def _region() -> str:
    """The region that an apply of this folder would take."""
    from hivemind.cli.context import load_plugins
    from hivemind.values.errors import HiveMindError

    file = Path(BLUEPRINT_FILE)
    if not file.is_file():
        return pipeline.region_of(None)
    try:
        return pipeline.region_of(pipeline.check(file, load_plugins(), lint=False).blueprint)
    except HiveMindError:
        return pipeline.region_of(None)


@command.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", default="000000000000", show_default=True, help="Whose callers it limits.")
@click.option("--clear", is_flag=True, help="Allow everything again.")
@json_option
def policy(files: tuple[Path, ...], account: str, clear: bool, as_json: bool) -> None:
    """Limit callers to IAM policies.

    Each FILE is an IAM policy in JSON. What no policy allows is denied, as on AWS. Without FILE it shows which accounts
    are limited.
    """
    running = pipeline.require_local_cloud()
    if files or clear:
        policies = [] if clear else [_policy(file) for file in files]
        try:
            running.ask("policies", {"account": account, "policies": policies}, method="POST")
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="FILE") from error
    found = running.ask("policies")["policies"]
    if as_json:
        _print_json({"policies": found})
        return
    for number, documents in found.items():
        statements = sum(len(one["Statement"]) if isinstance(one["Statement"], list) else 1 for one in documents)
        click.echo(f"account {number}: callers may do what {statements} statements allow")
    if not found:
        click.echo("No limits: every caller may do everything.")


def _policy(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.BadParameter(f"{file} is not JSON: {error}", param_hint="FILE") from error


command.add_command(fault)


def _print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value))
