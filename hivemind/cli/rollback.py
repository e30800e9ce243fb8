"""`hivemind rollback`: back to an earlier revision."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
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
    wait_option,
    yes_option,
)
from hivemind.cli.listing import Listing, nothing, report
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import NOBODY
from hivemind.pipeline import Decision, Proposal, ProposedReturn
from hivemind.values.asked import DestroyTerms
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Returned


class _Number(click.ParamType[int]):
    """A revision: `r3` or `3`."""

    name = "revision"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).removeprefix("r")
        if not (text.isascii() and text.isdigit()):
            self.fail(f"{value!r} is no revision. For example: r3", param, ctx)
        return int(text)


class _Return(Listing):
    """Shows what would become current again, and asks."""

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, ProposedReturn):
            return super().approve(proposal)
        if not self.as_json:
            click.echo(folded(_lines(proposal)))
        if self.yes:
            return Decision.yes()
        if not sys.stdin.isatty():
            return Decision.no(NOBODY, "Pass --yes: hivemind rollback --yes")
        agreed = click.confirm(f"Return to r{proposal.to.number}?", default=False, err=True)
        return Decision.yes() if agreed else Decision.no("Not approved. Nothing was changed.")


@click.command("rollback")
@path_argument
@environment_option
@local_option
@deployment_option
@yes_option
@click.option("--to", type=_Number(), metavar="rN", help="Return to revision rN. Default: the last good one.")
@click.option("--delete", is_flag=True, help="Delete the stack instead.")
@click.option("--unprotect", is_flag=True, help="With --delete: turn off termination and deletion protection first.")
@wait_option
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    deployment: str | None,
    yes: bool,
    to: int | None,
    delete: bool,
    unprotect: bool,
    wait: float,
    as_json: bool,
) -> int:
    """Return to the last good revision.

    Its releases become current again, one instance after another, each out of the load balancer meanwhile: as the
    instances keep them, else from the deployment's bucket. Where a blue-green release kept the instances before,
    requests go back to them. Nothing is built, other resources stay as they are, and migrations of the database are
    not undone. `hivemind apply` deploys the files of this folder again.

    A deployment without an earlier good revision is deleted: rollback lists its resources, asks you to type the
    application's name, drains the load balancer and deletes the stack. Final snapshots of databases and caches are
    kept. If it fails to delete the stack, it prints the commands that do.
    """
    if delete and to is not None:
        raise click.UsageError("--to and --delete exclude each other.")
    where, terms = asked(path, environment, local, deployment), DestroyTerms(unprotect=unprotect, wait=wait)
    with _Return(as_json=as_json, yes=yes) as screen:
        ended = pipeline.rollback(where, screen, terms, to=to, delete=delete)
    if ended is None:
        return nothing("roll back", as_json=as_json)
    if isinstance(ended, pipeline.Destroyed):
        return report(ended, "rolled back", ExitCode.ROLLBACK, as_json=as_json)
    return _report(ended, as_json=as_json)


def _lines(proposal: ProposedReturn) -> Iterator[str]:
    to = proposal.to
    said = ", ".join(filter(None, (to.commit and to.commit[:12], to.subject)))
    yield f"{proposal.deployment_id}: r{proposal.current} -> r{to.number}" + (f" ({said})" if said else "")
    for one in proposal.services:
        releases = ", ".join(sorted(set(one.releases.values())))
        instances = len(one.releases)
        yield f"  ^ {one.service}  {releases} on {instances} instance{'s' if instances > 1 else ''}"
        if one.switches:
            yield "      it still runs there: requests go back to it, then the other instances go"
        if one.installs:
            yield "      instances that do not have it any more get it from the deployment's bucket"
    stay = "Other resources" if any(one.switches for one in proposal.services) else "Resources"
    yield f"  {stay} stay as they are. Migrations of the database are not undone."


def _report(returned: Returned, *, as_json: bool) -> int:
    verdict = returned.verdict
    code = ExitCode.OK if verdict is None or verdict.good else ExitCode.VERIFY
    if as_json:
        said = {
            "deployment": returned.deployment_id,
            "revision": f"r{returned.revision}",
            "to": f"r{returned.to}",
            "verdict": verdict.word if verdict else None,
        }
        click.echo(json.dumps(said))
        return code
    checks = "" if verdict is None else ", checks passed" if verdict.good else ", but checks failed: hivemind verify"
    click.echo(folded([f"r{returned.revision} is live: the releases of r{returned.to}{checks}."]))
    return code
