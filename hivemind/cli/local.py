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
from hivemind.cli.paragraphs import folded
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Fault, Running


@click.group(name="local")
def command() -> None:
    """Manage the local cloud: an AWS region on this machine that runs real applications."""


@command.command()
@json_option
def start(as_json: bool) -> None:
    """Start the local cloud.

    It runs until `hivemind local stop`.
    """
    before = pipeline.find_local_cloud()
    running = pipeline.start_local_cloud()
    if as_json:
        _print_json(running.as_json() | {"already_running": before is not None})
        return
    state = "is already running" if before else "is running"
    click.echo(f"The local cloud {state} at {running.endpoint} (process {running.pid}).")


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
    yield f"pace       health checks and draining are {told['pace']:g} times faster than on AWS"
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


@command.group()
def fault() -> None:
    """Inject failures, throttling and delays.

    A fault lasts until `hivemind local fault clear`, or as long as --times says.
    """


@fault.command(name="list")
@json_option
def list_faults(as_json: bool) -> None:
    """List the active faults."""
    _show(pipeline.require_local_cloud().ask("faults")["faults"], as_json=as_json)


@fault.command()
@click.argument("resource_type", metavar="TYPE")
@click.option("--message", default="", help="Reason shown by CloudFormation.")
@click.option("--id", "logical_id", metavar="LOGICAL_ID", help="Only the resource with this logical id.")
@click.option("--on", type=click.Choice(["create", "update", "delete"]), default="create", show_default=True)
@click.option("--times", type=click.IntRange(1), help="Stop after this many failures.")
@json_option
def fail(resource_type: str, as_json: bool, **options: Any) -> None:
    """Make resources of TYPE fail.

    TYPE is, for example, AWS::RDS::DBInstance.
    """
    _add(pipeline.Fault(pipeline.FaultKind.FAIL, resource_type, **options), as_json=as_json)


@fault.command()
@click.argument("operation", metavar="SERVICE:OPERATION")
@click.option("--times", type=click.IntRange(1), help="Stop after this many refusals.")
@click.option("--every", type=click.IntRange(1), default=1, help="Refuse only every n-th call.")
@json_option
def throttle(operation: str, times: int | None, every: int, as_json: bool) -> None:
    """Throttle an operation.

    SERVICE:OPERATION is, for example, cloudformation:DescribeStackEvents.
    """
    if ":" not in operation:
        raise click.BadParameter("expected SERVICE:OPERATION, such as cloudformation:DescribeStacks")
    _add(pipeline.Fault(pipeline.FaultKind.THROTTLE, operation, times=times, every=every), as_json=as_json)


@fault.command()
@click.argument("resource_type", metavar="TYPE")
@click.argument("seconds", type=click.FloatRange(0))
@json_option
def delay(resource_type: str, seconds: float, as_json: bool) -> None:
    """Delay every operation on resources of TYPE by SECONDS."""
    _add(pipeline.Fault(pipeline.FaultKind.DELAY, resource_type, seconds=seconds), as_json=as_json)


@fault.command()
@json_option
def clear(as_json: bool) -> None:
    """Clear all faults."""
    count = pipeline.require_local_cloud().ask("faults", method="DELETE")["cleared"]
    if as_json:
        _print_json({"cleared": count})
    else:
        click.echo(f"Cleared {count} fault{'' if count == 1 else 's'}.")


def _add(new: Fault, *, as_json: bool) -> None:
    _show(pipeline.require_local_cloud().ask("faults", new.as_json(), method="POST")["faults"], as_json=as_json)


def _show(faults: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print_json({"faults": faults})
        return
    if not faults:
        click.echo("No active faults.")
    for one in faults:
        parts = [one["kind"], one["subject"]]
        parts += [f"id {one['logical_id']}"] if one["logical_id"] else []
        parts += [f"on {one['on']}"] if one["kind"] == "fail" else []
        parts += [f"{one['seconds']:g} s"] if one["kind"] == "delay" else []
        parts += [f"each {one['every']}th call"] if one["every"] > 1 else []
        parts += [f"{one['times']} times"] if one["times"] else []
        parts += [f'"{one["message"]}"'] if one["message"] else []
        click.echo("  ".join(parts))


def _print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value))
