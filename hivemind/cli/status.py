"""`hivemind status`: what stands right now."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import (
    asked,
    deployment_option,
    environment_option,
    json_option,
    local_option,
    path_argument,
)
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import InstanceStatus, LiveStatus, Status

_SUBJECT = 40
"""Characters of a commit's subject that are shown."""


@click.command("status")
@path_argument
@environment_option
@local_option
@deployment_option
@json_option
def command(path: Path, environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Show a deployment as it stands: stack, instances with their health, release, address.

    The exit code is 0 whether all is well or not; --json says which.
    """
    with Screen(as_json=as_json) as screen:
        status = pipeline.status(asked(path, environment, local, deployment), screen)
    if status is None:
        return _nothing(path, as_json=as_json)
    if as_json:
        click.echo(json.dumps(_entry(status)))
    else:
        _print(status)
    return ExitCode.OK


def _nothing(path: Path, *, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"deployment": None}))
    else:
        folder = (path if path.is_dir() else path.parent).resolve()
        click.echo(f"Nothing is deployed from {folder}.   hivemind apply")
    return ExitCode.OK


def _print(status: Status) -> None:
    state = status.state
    revision = f"r{state.revision}" if state.revision else "no revision yet"
    click.secho(
        f"{state.name or state.deployment_id} ({state.environment}, {state.cloud} {state.region})   {revision}",
        bold=True,
    )
    if not state.changeable:
        click.echo(state.instructions)
        return
    current = state.revisions[-1] if state.revisions else None
    if current:
        subject = f' "{textwrap.shorten(current.subject, _SUBJECT, placeholder="…")}"' if current.subject else ""
        dirty = " with uncommitted changes" if current.dirty and current.commit else ""
        commit = f"{current.commit[:7]}{subject}{dirty}, " if current.commit else ""
        click.echo(f"  released  {commit}{current.time}, checks {current.verdict or 'not run'}")
    if state.status == "rolled_back":
        click.echo("  rolled back: nothing is deployed. Deploy it again: hivemind apply")
    elif status.unreachable:
        click.echo(f"  {status.unreachable}; recorded: {state.status.value}")
    elif status.found is not None:
        _print_live(status.found)
    for service, url in state.urls.items():
        click.echo(f"  {service:9} {url}")
    if state.failure_analysis is not None:
        click.secho(f"  last run  {state.failure_analysis.description}", fg="red")
        click.echo(f"  {state.failure_analysis.remediation}")


def _print_live(found: LiveStatus) -> None:
    click.echo(f"  stack     {found.status or 'there is none'}")
    for service, instances in found.services.items():
        good = sum(one.works for one in instances)
        click.echo(f"  {service:9} {good} of {len(instances)} in order")
        for one in instances:
            click.echo(f"    {one.id}  {_words(one)}")
    for name, status in found.databases.items():
        click.echo(f"  {name:9} {status}")


def _words(one: InstanceStatus) -> str:
    if one.state != "running" or one.health is None:
        return one.state
    why = one.health.description or one.health.reason
    return one.health.state + (f": {why}" if why and not one.health.is_healthy else "")


def _entry(status: Status) -> dict[str, object]:
    state, found = status.state, status.found
    return {
        "deployment": state.deployment_id,
        "name": state.name,
        "environment": state.environment,
        "cloud": state.cloud,
        "account": state.account,
        "region": state.region,
        "endpoint": state.endpoint,
        "status": state.status.value,
        "revision": f"r{state.revision}" if state.revision else None,
        "verdict": state.verification_results.word if state.verification_results else None,
        "url": next(iter(state.urls.values()), None),
        "urls": dict(state.urls),
        "stack": found.status if found else None,
        "works": found.works if found else None,
        "services": {
            service: [
                {
                    "instance": one.id,
                    "state": one.state,
                    "health": one.health.state if one.health else None,
                    "reason": one.health.reason if one.health else None,
                    "description": one.health.description if one.health else None,
                }
                for one in instances
            ]
            for service, instances in (found.services if found else {}).items()
        },
        "databases": dict(found.databases) if found else {},
        "unreachable": status.unreachable,
        "changeable": state.changeable,
        "instructions": state.instructions,
    }
