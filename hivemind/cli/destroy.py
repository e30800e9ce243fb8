"""`hivemind destroy`: delete a deployment, after listing what goes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind.cli.context import (
    deployment_option,
    environment_option,
    json_option,
    load_plugins,
    local_option,
    note,
    path_argument,
    plugins_without,
    tell_broken_plugin,
    yes_option,
)
from hivemind.flow.deployments import Known, find
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.deploy.removal import Deletion
    from hivemind.flow.destroy import Leaving
    from hivemind.values.cloud import Cloud


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
    from hivemind.cli.progress import renderer
    from hivemind.deploy.lease import acquire
    from hivemind.flow.destroy import destroy, leaving

    known = find(path, environment, deployment, local=local)
    if known is None:
        return _nothing(as_json=as_json)
    if deployment is None:
        tell_broken_plugin(path)
        plugins = load_plugins(path)
    else:
        plugins = plugins_without(path, "another folder's deployment is named")
    known.require_changeable()
    cloud = known.cloud(start=True, say=note)
    with acquire(known.folder, command="hivemind destroy", wait=wait) as lease:
        what = leaving(cloud, known.state.deployment_id, known.stack)
        keep = snapshots == "keep"
        if not as_json:
            _list(known, what, keep=keep)
        if not yes:
            _ask(known)
        with renderer(as_json, sys.stdout) as show:
            deletion = destroy(
                cloud,
                known.store,
                what,
                plugins,
                keep_snapshots=keep,
                unprotect=unprotect,
                listener=show,
                held=lease.check,
            )
    _leave_nothing_running(cloud, as_json=as_json)
    _report(known, deletion, keep=keep, as_json=as_json)
    return ExitCode.OK


def _nothing(*, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"deployment": None, "left": [], "snapshots": []}))
    else:
        click.echo("Nothing is deployed from here: nothing to destroy.   hivemind list")
    return ExitCode.OK


def _list(known: Known, what: Leaving, *, keep: bool) -> None:
    click.secho(f"{known.state.deployment_id}", bold=True)
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
        fate = "a final snapshot is kept" if keep else "its final snapshot is deleted, too: the data are lost"
        click.echo(f"  ! {one.resource.logical_id} holds data: {fate}")
    for one in what.lost:
        click.echo(f"  ! {one.resource.logical_id} holds data and keeps no snapshot: the data are lost")
    for one in what.staying:
        click.echo(f"  = {one.resource.logical_id} stays ({one.policy})")


def _ask(known: Known) -> None:
    from hivemind.values.errors import Refused

    name = known.state.name
    if not sys.stdin.isatty():
        raise Refused("nobody is there to say yes", hint="hivemind destroy --yes")
    if click.prompt(f'Type "{name}" to destroy it', default="", show_default=False, err=True) != name:
        raise Refused("not destroyed", hint="Nothing was changed.")


def _leave_nothing_running(cloud: Cloud, *, as_json: bool) -> None:
    """Ends the local cloud when a command started it and this was its last deployment, and the lint worker."""
    from hivemind.lint import stop_worker

    stop_worker()
    if cloud.name != "local":
        return
    from hivemind.local.lifecycle import stop_if_idle

    if stop_if_idle() and not as_json:
        click.echo("That was the last deployment of the local cloud; it is stopped.", err=True)


def _report(known: Known, deletion: Deletion, *, keep: bool, as_json: bool) -> None:
    left = [f"{one.logical_id} ({one.type}) {one.physical_id}" for one in deletion.left]
    kept = list(deletion.snapshots) if keep else []
    if as_json:
        ids = [one.id for one in kept]
        click.echo(json.dumps({"deployment": known.state.deployment_id, "left": left, "snapshots": ids}))
        return
    for one in left:
        click.echo(f"Left: {one}")
    for snapshot in kept:
        click.echo(f"Kept: {snapshot.what} snapshot {snapshot.id}")
    click.echo(
        f"{known.state.deployment_id} is gone" + ("; the above is left." if left or kept else "; nothing is left.")
    )
