"""`hivemind destroy`: delete a deployment, after listing what goes."""

from __future__ import annotations

import json
import sys
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
    yes_option,
)
from hivemind.cli.screen import Screen
from hivemind.pipeline import Decision, Proposal, ProposedDestroy
from hivemind.values.asked import DestroyTerms
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Destroyed


@click.command("destroy")
@path_argument
@environment_option
@local_option
@deployment_option
@yes_option
@click.option(
    "--snapshots",
    type=click.Choice(["keep", "delete"]),
    default="keep",
    show_default=True,
    help="What becomes of the final snapshots of databases and caches.",
)
@click.option("--unprotect", is_flag=True, help="Take termination protection off first.")
@click.option("--wait", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Wait for another run to end.")
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    yes: bool,
    snapshots: str,
    unprotect: bool,
    wait: float,
    as_json: bool,
) -> int:
    """Delete a deployment: list what goes, ask for its name, drain, delete the stack, say what is left."""
    terms = DestroyTerms(snapshots == "keep", unprotect, wait)
    with _Screen(as_json=as_json, yes=yes) as screen:
        destroyed = pipeline.destroy(asked(path, environment, local, deployment), screen, terms)
    if destroyed is None:
        return _nothing(as_json=as_json)
    if destroyed.ended_local_cloud and not as_json:
        click.echo("That was the last deployment of the local cloud; it is stopped.", err=True)
    _report(destroyed, as_json=as_json)
    return ExitCode.OK


class _Screen(Screen):
    """Lists what goes and asks for the application's name."""

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, ProposedDestroy):
            return super().approve(proposal)
        if not self.as_json:
            _list(proposal)
        if self.yes:
            return Decision.yes()
        if not sys.stdin.isatty():
            return Decision.no("nobody is there to say yes", "hivemind destroy --yes")
        name = proposal.name
        if click.prompt(f'Type "{name}" to destroy it', default="", show_default=False, err=True) != name:
            return Decision.no("not destroyed", "Nothing was changed.")
        return Decision.yes()


def _nothing(*, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"deployment": None, "left": [], "snapshots": []}))
    else:
        click.echo("Nothing is deployed from here: nothing to destroy.   hivemind list")
    return ExitCode.OK


def _list(proposal: ProposedDestroy) -> None:
    what = proposal.leaving
    click.secho(what.deployment_id, bold=True)
    if what.stack_id is None:
        click.echo("  There is no stack any more; what is recorded of it goes.")
    if what.build_stack:
        click.echo(f"  - {'the build stack':42} {what.build_stack}, which an apply left")
    kinds: dict[str, list[str]] = {}
    for one in what.contents:
        kinds.setdefault(one.resource.type.removeprefix("AWS::"), []).append(one.resource.logical_id)
    staying = {one.resource.logical_id for one in what.staying}
    for kind, names in sorted(kinds.items()):
        going = [name for name in names if name not in staying]
        if going:
            click.echo(f"  - {kind:42} {', '.join(going)}")
    for one in what.databases:
        fate = (
            "a final snapshot is kept"
            if proposal.keep_snapshots
            else "its final snapshot is deleted, too: the data are lost"
        )
        click.echo(f"  ! {one.resource.logical_id} holds data: {fate}")
    for one in what.lost:
        click.echo(f"  ! {one.resource.logical_id} holds data and keeps no snapshot: the data are lost")
    for one in what.staying:
        click.echo(f"  = {one.resource.logical_id} stays ({one.policy})")


def _report(destroyed: Destroyed, *, as_json: bool) -> None:
    left = [f"{one.logical_id} ({one.type}) {one.physical_id}" for one in destroyed.deletion.left]
    kept = destroyed.snapshots
    if as_json:
        ids = [one.id for one in kept]
        click.echo(json.dumps({"deployment": destroyed.deployment_id, "left": left, "snapshots": ids}))
        return
    for one in left:
        click.echo(f"Left: {one}")
    for snapshot in kept:
        click.echo(f"Kept: {snapshot.what} snapshot {snapshot.id}")
    click.echo(
        f"{destroyed.deployment_id} is gone" + ("; the above is left." if left or kept else "; nothing is left.")
    )
