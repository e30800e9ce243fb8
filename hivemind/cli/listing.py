"""What `destroy` and `rollback` show: what they delete, the question, what is left."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from hivemind.cli.paragraphs import fold, folded, width
from hivemind.cli.screen import NOBODY, Screen
from hivemind.pipeline import Decision, Proposal, ProposedDestroy
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Destroyed

_VERBS = {"destroy": "destroy", "rollback": "roll back"}
_BUILD_STACK = "build stack (left by an apply)"
_CONTENT = {"AWS::S3::Bucket": "objects", "AWS::SQS::Queue": "messages"}
"""Type -> what is in it, for those of which there are no snapshots."""
_WIDEST = 38
"""Characters of a type that names are aligned after; longer ones push theirs."""


class Listing(Screen):
    """Lists what would be deleted and asks for the application's name."""

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, ProposedDestroy):
            return super().approve(proposal)
        if not self.as_json:
            _list(proposal)
        if self.yes:
            return Decision.yes()
        if not sys.stdin.isatty():
            return Decision.no(NOBODY, f"Pass --yes: hivemind {proposal.goal} --yes")
        question = f'Type "{proposal.name}" to {_VERBS[proposal.goal]} it'
        if click.prompt(question, default="", show_default=False, err=True) != proposal.name:
            return Decision.no("The name does not match. Nothing was changed.")
        return Decision.yes()


def nothing(verb: str, *, as_json: bool) -> int:
    """Says that there is no deployment to delete. verb: what was asked for."""
    if as_json:
        click.echo(json.dumps({"deployment": None, "left": [], "snapshots": []}))
    else:
        click.echo(f"Nothing is deployed from here: nothing to {verb}. List deployments: hivemind list")
    return ExitCode.OK


def _list(proposal: ProposedDestroy) -> None:
    click.secho(proposal.leaving.deployment_id, bold=True)
    click.echo(folded(_lines(proposal)))


def _lines(proposal: ProposedDestroy) -> Iterator[str]:
    """A line for each kind of resource that goes, then one for each that holds data or stays."""
    what = proposal.leaving
    if what.stack_id is None:
        yield "  The stack no longer exists. HiveMind deletes what it recorded about the deployment."
    staying = {one.resource.logical_id for one in what.staying}
    kinds: dict[str, list[str]] = {}
    for one in what.contents:
        if one.resource.logical_id not in staying:
            kinds.setdefault(one.resource.type.removeprefix("AWS::"), []).append(one.resource.logical_id)
    if what.build_stack:
        kinds[_BUILD_STACK] = [what.build_stack]
    column = min(_WIDEST, max(map(len, kinds), default=0))
    for kind, names in sorted(kinds.items()):
        yield f"  - {kind:{column}}  {', '.join(names)}"
    for one in what.databases:
        kept = "HiveMind keeps a final snapshot" if proposal.keep_snapshots else "its final snapshot is deleted too"
        lost = "" if proposal.keep_snapshots else ", and the data is lost"
        yield f"  ! {one.resource.logical_id} holds data: {kept}{lost}"
    for one in what.lost:
        content = _CONTENT.get(one.resource.type)
        without = f"is deleted with its {content}" if content else "holds data and has no snapshot"
        yield f"  ! {one.resource.logical_id} {without}: the data is lost"
    for one in what.staying:
        content = _CONTENT.get(one.resource.type)
        stays = f"is kept with its {content}" if content else "is kept"
        yield f"  = {one.resource.logical_id} {stays} (DeletionPolicy {one.policy})"


def report(destroyed: Destroyed, ended: str, stuck: ExitCode, *, as_json: bool) -> ExitCode:
    """Says what is left. ended: what the deployment is now, in a word or two. stuck: the exit code where something
    could not be deleted."""
    if destroyed.ended_local_cloud and not as_json:
        click.echo("Stopped the local cloud: it has no more deployments.", err=True)
    left = [f"{one.logical_id} ({one.type}) {one.physical_id}" for one in destroyed.deletion.left]
    kept = destroyed.snapshots
    if as_json:
        ids = [one.id for one in kept]
        told = {"deployment": destroyed.deployment_id, "left": left, "snapshots": ids}
        click.echo(json.dumps(told | ({"by_hand": destroyed.deletion.by_hand} if destroyed.deletion.by_hand else {})))
        return stuck if destroyed.deletion.by_hand else ExitCode.OK
    lines = [f"Not deleted: {one}" for one in left]
    lines += [f"Kept: {snapshot.what} snapshot {snapshot.id}" for snapshot in kept]
    if any(snapshot.what == "database" for snapshot in kept):
        lines.append("To restore a database in a later apply, write `snapshot: NAME` for it in hivemind.yaml.")
    rest = "" if lines else " Nothing is left."
    but = " But something could not be deleted." if destroyed.deletion.by_hand else ""
    lines.append(f"{destroyed.deployment_id} is {ended}.{rest}{but}")
    click.echo("\n".join(part for line in lines for part in fold(line, width(), indent=2)))
    if not destroyed.deletion.by_hand:
        return ExitCode.OK
    click.echo(destroyed.deletion.by_hand, err=True)
    return stuck
