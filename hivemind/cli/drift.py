"""`hivemind drift`: what someone changed by another way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option, path_argument
from hivemind.cli.paragraphs import folded
from hivemind.text.codec import encode
from hivemind.text.visible import visible
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Drift, Drifted


@click.command("drift")
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("--check", is_flag=True, help="Exit with code 4 if something differs.")
@json_option
def command(
    path: Path, environment: str | None, local: bool | None, deployment: str | None, check: bool, as_json: bool
) -> int:
    """Show which resources differ from the deployment's template, because someone changed them by another way.

    CloudFormation compares them and changes nothing. On AWS, CloudTrail says who changed them, if your credentials may
    ask it.
    """
    identity, found = pipeline.drift(asked(path, environment, local, deployment))
    if as_json:
        click.echo(json.dumps({"deployment": identity, "in_sync": not found.drifted, **encode(found)}))
    else:
        click.echo(folded(list(_lines(identity, found))))
    return ExitCode.CHANGED if check and found.drifted else ExitCode.OK


def _lines(identity: str, found: Drift) -> Iterator[str]:
    if not found.drifted:
        many = f"{found.compared} resource{'s are' if found.compared != 1 else ' is'}"
        yield f"{many} as the template of {identity} says."
    for one in found.drifted:
        yield from _resource(one)
    if found.unchecked:
        count = len(found.unchecked)
        yield f"CloudFormation cannot compare {count} other resource{'s' if count > 1 else ''}."
    if found.drifted:
        yield "An apply does not undo this by itself: CloudFormation changes only what differs between two templates."
        yield "Undo it by the way it was made, or write it into hivemind.yaml."


def _resource(one: Drifted) -> Iterator[str]:
    yield f"{'-' if one.deleted else '~'} {one.logical_id} ({one.type})  {one.physical_id}"
    if one.deleted:
        yield "    was deleted"
    for each in one.differences:
        yield f"    {visible(each.path)}  {visible(each.expected) or '(none)'} → {visible(each.actual) or '(none)'}"
    for change in one.by:
        yield f"    {change.time}  {visible(change.call)} by {visible(change.user)}"
