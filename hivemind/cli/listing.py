"""What `destroy` and `rollback` show: what goes, the question, what is left."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from hivemind.cli.screen import NOBODY, Screen
from hivemind.pipeline import Decision, Proposal, ProposedDestroy
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Destroyed

_VERBS = {"destroy": "destroy", "rollback": "roll back"}


class Listing(Screen):
    """Lists what goes and asks for the application's name."""

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, ProposedDestroy):
            return super().approve(proposal)
        if not self.as_json:
            _list(proposal)
        if self.yes:
            return Decision.yes()
        if not sys.stdin.isatty():
            return Decision.no(NOBODY, f"hivemind {proposal.goal} --yes")
        question = f'Type "{proposal.name}" to {_VERBS[proposal.goal]} it'
        if click.prompt(question, default="", show_default=False, err=True) != proposal.name:
            return Decision.no("Not approved: the name does not match.", "Nothing was changed.")
        return Decision.yes()


def nothing(verb: str, *, as_json: bool) -> int:
    """Says that there is no deployment to delete. verb: what was asked for."""
    if as_json:
        click.echo(json.dumps({"deployment": None, "left": [], "snapshots": []}))
    else:
        click.echo(f"Nothing is deployed from here: nothing to {verb}.   hivemind list")
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


def report(destroyed: Destroyed, ended: str, *, as_json: bool) -> None:
    """Says what is left. ended: what the deployment is now, in a word or two."""
    if destroyed.ended_local_cloud and not as_json:
        click.echo("That was the last deployment of the local cloud; it is stopped.", err=True)
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
        f"{destroyed.deployment_id} is {ended}" + ("; the above is left." if left or kept else "; nothing is left.")
    )
