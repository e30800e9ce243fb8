"""`hivemind deploy`: from the address of a repository to a running application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, environment_option, json_option, local_option, note, yes_option
from hivemind.cli.table import table
from hivemind.text.visible import visible
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.descriptions import Wishes
    from hivemind.pipeline import Clone, Initial

_MEANS = {
    "need": "resource of type {}",
    "no-need": "no {}",
    "instances": "instances: {}",
    "size": "size: {}",
    "database-size": "database size: {}",
    "cache-size": "cache size: {}",
    "storage": "database storage: {} GB",
    "region": "region: {}",
    "stage": "stage: {}",
    "environment": "environment: {}",
    "cloud": "cloud: {}",
    "available": "standby in a second zone: {}",
    "port": "port: {}",
    "health": "health: {}",
    "name": "name: {}",
}


@click.command("deploy")
@click.argument("repo")
@click.argument("description", default="")
@click.option("--stage-1", "stage_1", is_flag=True, help="Use stage-1: lower cost, no NAT gateway, short backups.")
@environment_option
@click.option("--ref", metavar="REF", help="Branch, tag or commit. Default: the repository's default branch.")
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Clone into DIR. Default: ./NAME.")
@local_option
@yes_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    repo: str,
    description: str,
    stage_1: bool,
    environment: str | None,
    ref: str | None,
    into: Path | None,
    local: bool | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Clone REPO, write its hivemind.yaml, show the plan and apply it after you approve.

    REPO is a git repository: an https, ssh or file URL, or a folder. DESCRIPTION says in plain words what you want:
    "two instances in frankfurt with a postgres database". No code of the repository runs before you approve.
    """
    from hivemind.cli.apply import command as apply_command

    cloned = pipeline.clone(repo, into, ref, note)
    _tell_clone(cloned, as_json=as_json)
    wishes = pipeline.described(description, note)
    settled = pipeline.settled(
        cloned.folder,
        wishes,
        asked().plugins,
        note,
        environment=environment,
        stage="stage-1" if stage_1 else None,
        local=local,
    )
    if settled.written is not None:
        _tell_file(settled.written, wishes, as_json=as_json)
    applied = ctx.invoke(
        apply_command,
        path=cloned.folder,
        environment=settled.environment,
        local=settled.local,
        yes=yes,
        require_clean=None,
        lose=(),
        skip_rollback=(),
        wait=0.0,
        again=False,
        as_json=as_json,
    )
    return int(applied or ExitCode.OK)


def _tell_clone(cloned: Clone, *, as_json: bool) -> None:
    for remark in cloned.remarks:
        note(f"note: {_plain(remark)}")
    if as_json:
        data = {
            "folder": str(cloned.folder), "commit": cloned.commit, "ref": cloned.ref, "updated": cloned.updated,
            "remarks": list(cloned.remarks),
        }  # fmt: skip
        click.echo(json.dumps({"cloned": data}))
    else:
        note(f"{cloned.folder}  {cloned.ref} at {cloned.commit[:12]}")


def _tell_file(initial: Initial, wishes: Wishes, *, as_json: bool) -> None:
    """What was written, and how the description was read: the approval is of this."""
    if as_json:
        data = {
            "understood": [
                {"subject": w.subject, "value": w.value, "words": w.words, "by": w.by} for w in wishes.understood
            ],
            "not_understood": list(wishes.unread),
            "findings": [finding.as_json() for finding in initial.draft.findings],
            "blueprint": initial.text,
        }
        click.echo(json.dumps(data))
        return
    from hivemind.cli.findings import render
    from hivemind.cli.init import show_found

    show_found(initial)
    if wishes.understood or wishes.unread:
        click.echo("\nHiveMind read the description as:")
        rows = [
            (
                f'  "{_plain(wish.words)}"',
                _MEANS[wish.subject].format(wish.value),
                f"read by {wish.by}" if wish.by else "",
            )
            for wish in wishes.understood
        ]
        click.echo(table(rows), nl=bool(rows))
        if wishes.unread:
            click.echo(table([(f"  Not understood and ignored: {', '.join(wishes.unread)}",)]))
    if initial.draft.findings:
        render(initial.draft.findings, as_json=False)
    click.echo("\nhivemind.yaml:")
    for line in initial.text.splitlines():
        click.echo(f"  {line}")
    click.echo()


def _plain(text: str) -> str:
    return visible(" ".join(text.split()))
