"""`hivemind history`: the revisions of a deployment."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option, path_argument
from hivemind.cli.screen import Screen
from hivemind.cli.table import table
from hivemind.text.codec import encode
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Revision

VERDICTS = {"good": "passed", "bad": "failed", None: "not run"}


@click.command("history")
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("-n", "--last", type=click.IntRange(1), metavar="N", help="Only the last N revisions.")
@json_option
def command(
    path: Path, environment: str | None, local: bool | None, deployment: str | None, last: int | None, as_json: bool
) -> int:
    """List the revisions of a deployment, newest first: when, who, checks, time taken, digest and commit."""
    with Screen(as_json=as_json) as screen:
        identity, revisions = pipeline.history(asked(path, environment, local, deployment), screen)
    newest = list(revisions)[::-1][:last]
    if as_json:
        entries = [{"revision": f"r{one.number}", **encode(one)} for one in newest]
        click.echo(json.dumps({"deployment": identity, "revisions": entries}))
    elif not newest:
        click.echo(f"{identity} has no revision yet.")
    else:
        click.echo(table([("", "released", "by", "checks", "took", "digest", "commit"), *map(_row, newest)]))
    return ExitCode.OK


def _row(one: Revision) -> tuple[str, ...]:
    from hivemind.cli.tree import duration

    commit = f"{one.commit[:10]}{' (changed)' if one.dirty else ''} {one.subject or ''}" if one.commit else "-"
    seconds = sum(one.seconds.values())
    return (
        f"r{one.number}",
        f"{one.time[:16].replace('T', ' ')} UTC",
        one.by or "-",
        VERDICTS.get(one.verdict, one.verdict or ""),
        duration(seconds) if seconds else "-",
        _digest(one),
        commit.strip(),
    )


def _digest(one: Revision) -> str:
    """Of what was released: of one artifact its own, of several what they are together."""
    digests = sorted(one.artifacts.values())
    if len(digests) > 1:
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:10]
    return digests[0][:10] if digests else "-"
