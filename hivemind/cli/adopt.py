"""`hivemind adopt`: make this machine's record of a deployment anew."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option, path_argument
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Adopted, RunningRelease


@click.command("adopt")
@path_argument
@environment_option
@local_option
@deployment_option
@json_option
def command(path: Path, environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Make this machine's record of a deployment anew: one that is lost, old, damaged, or was never here.

    Takes what other machines left, else what the stack and, over SSH, its instances say; then the history of revisions
    is lost, and the next apply releases the services again. Changes nothing of what is deployed. Keeps a file that
    cannot be read, under another name.
    """
    with Screen(as_json=as_json) as screen:
        adopted = pipeline.adopt(asked(path, environment, local, deployment), screen)
    if as_json:
        click.echo(json.dumps(_data(adopted)))
    else:
        click.echo(folded(_words(adopted)))
    return ExitCode.OK


def _data(adopted: Adopted) -> dict[str, object]:
    return {
        "deployment": adopted.deployment_id,
        "from": adopted.source if adopted.state else None,
        "revision": f"r{adopted.state.revision}" if adopted.state and adopted.state.revision else None,
        "stack": adopted.status,
        "kept": str(adopted.aside) if adopted.aside else None,
        "running": [dataclasses.asdict(one) for one in adopted.running],
    }


def _runs(one: RunningRelease) -> str:
    what = f"could not be asked: {one.trouble}" if one.trouble else f"runs {one.release or 'no release'}"
    return f"{one.service}  {one.instance} {what}"


def _words(adopted: Adopted) -> list[str]:
    kept = [f"Kept the record that cannot be read: {adopted.aside}"] if adopted.aside else []
    name, state = adopted.deployment_id, adopted.state
    if state is None:
        return [*kept, f"{name} has no stack: nothing is deployed. Deploy it: hivemind apply"]
    revision = f", r{state.revision}" if state.revision else ""
    if adopted.source == "the stack":
        return [
            *kept,
            f"Adopted {name} from its stack: {adopted.status}{revision}.",
            *(_runs(one) for one in adopted.running),
            "What was released is not recorded any more. Release it again: hivemind apply",
        ]
    if adopted.source == "other machines":
        return [*kept, f"Adopted {name} as other machines left it{revision}."]
    gone = "" if adopted.status else " It has no stack: nothing is deployed."
    return [*kept, f"This machine's record of {name} is right{revision}: nothing to adopt.{gone}"]
