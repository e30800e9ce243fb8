"""`hivemind local fault`: puts failures, refusals, hangs and delays into the local cloud."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from hivemind import pipeline
from hivemind.cli.context import json_option

if TYPE_CHECKING:
    from hivemind.pipeline import Fault


@click.group()
def fault() -> None:
    """Inject failures, refusals, hangs and delays.

    A fault lasts until `hivemind local fault clear`, or as long as --times says.
    """


@fault.command(name="list")
@json_option
def list_faults(as_json: bool) -> None:
    """List the active faults."""
    _show(pipeline.require_local_cloud().ask("faults")["faults"], as_json=as_json)


_MESSAGE = click.option("--message", default="", help="Reason shown by CloudFormation.")
_ID = click.option("--id", "logical_id", metavar="LOGICAL_ID", help="Only the resource with this logical id.")
_ON = click.option("--on", type=click.Choice(["create", "update", "delete"]), default="create", show_default=True)
_TIMES = click.option("--times", type=click.IntRange(1), help="Stop after this many.")
_SKIP = click.option("--skip", type=click.IntRange(0), default=0, help="Let this many pass before.")
_EVERY = click.option("--every", type=click.IntRange(1), default=1, help="Refuse only every n-th call.")


@fault.command()
@click.argument("resource_type", metavar="TYPE")
@_MESSAGE
@_ID
@_ON
@_TIMES
@_SKIP
@json_option
def fail(resource_type: str, as_json: bool, **options: Any) -> None:
    """Make resources of TYPE fail.

    TYPE is, for example, AWS::RDS::DBInstance.
    """
    _add(pipeline.Fault(pipeline.FaultKind.FAIL, resource_type, **options), as_json=as_json)


@fault.command()
@click.argument("resource_type", metavar="TYPE")
@_MESSAGE
@_TIMES
@json_option
def capacity(resource_type: str, as_json: bool, **options: Any) -> None:
    """Refuse new resources of TYPE for lack of capacity."""
    _add(pipeline.Fault(pipeline.FaultKind.CAPACITY, resource_type, **options), as_json=as_json)


@fault.command()
@click.argument("resource_type", metavar="TYPE")
@_MESSAGE
@_TIMES
@json_option
def dependency(resource_type: str, as_json: bool, **options: Any) -> None:
    """Keep resources of TYPE from being deleted.

    They have a dependent object that is not in the stack.
    """
    _add(pipeline.Fault(pipeline.FaultKind.DEPENDENCY, resource_type, on="delete", **options), as_json=as_json)


@fault.command()
@click.argument("resource_type", metavar="TYPE")
@_ID
@_ON
@json_option
def hang(resource_type: str, as_json: bool, **options: Any) -> None:
    """Let resources of TYPE hang until the faults are cleared."""
    _add(pipeline.Fault(pipeline.FaultKind.HANG, resource_type, **options), as_json=as_json)


@fault.command()
@click.argument("action", metavar="ACTION")
@_TIMES
@_SKIP
@json_option
def deny(action: str, as_json: bool, **options: Any) -> None:
    """Deny an IAM action to everyone.

    ACTION is, for example, ec2:CreateVpc or ec2:Create*. To test a policy, see `hivemind local policy`.
    """
    _add(pipeline.Fault(pipeline.FaultKind.DENY, _operation(action), **options), as_json=as_json)


@fault.command()
@click.argument("operation", metavar="SERVICE:OPERATION")
@_TIMES
@_EVERY
@_SKIP
@json_option
def throttle(operation: str, as_json: bool, **options: Any) -> None:
    """Throttle an operation.

    SERVICE:OPERATION is, for example, cloudformation:DescribeStackEvents.
    """
    _add(pipeline.Fault(pipeline.FaultKind.THROTTLE, _operation(operation), **options), as_json=as_json)


@fault.command(name="break")
@click.argument("operation", metavar="SERVICE:OPERATION")
@_TIMES
@_EVERY
@_SKIP
@json_option
def break_(operation: str, as_json: bool, **options: Any) -> None:
    """Answer an operation with an internal error (HTTP 500)."""
    _add(pipeline.Fault(pipeline.FaultKind.BREAK, _operation(operation), **options), as_json=as_json)


def _operation(text: str) -> str:
    if ":" not in text:
        raise click.BadParameter("expected SERVICE:OPERATION, such as cloudformation:DescribeStacks")
    return text


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
        click.echo(json.dumps({"cleared": count}))
    else:
        click.echo(f"Cleared {count} fault{'' if count == 1 else 's'}.")


def _add(new: Fault, *, as_json: bool) -> None:
    _show(pipeline.require_local_cloud().ask("faults", new.as_json(), method="POST")["faults"], as_json=as_json)


def _show(faults: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"faults": faults}))
        return
    if not faults:
        click.echo("No active faults.")
    for one in faults:
        parts = [one["kind"], one["subject"]]
        parts += [f"id {one['logical_id']}"] if one["logical_id"] else []
        parts += [f"on {one['on']}"] if one["kind"] in {"fail", "hang"} else []
        parts += [f"{one['seconds']:g} s"] if one["kind"] == "delay" else []
        parts += [f"each {one['every']}th call"] if one["every"] > 1 else []
        parts += [f"after {one['skip']}"] if one["skip"] else []
        parts += [f"{one['times']} times"] if one["times"] else []
        parts += [f'"{one["message"]}"'] if one["message"] else []
        click.echo("  ".join(parts))
