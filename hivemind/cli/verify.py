"""`hivemind verify`: the checks of a deployment, again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import asked, deployment_option, environment_option, json_option, local_option, path_argument
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.values.events import Event
from hivemind.values.exits import ExitCode


@click.command("verify")
@path_argument
@environment_option
@local_option
@deployment_option
@json_option
def command(path: Path, environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Run the checks of a deployment again: those of the blueprint, of plugins, and the defaults of each service."""
    from hivemind.text.codec import encode

    with _Screen(as_json=as_json) as screen:
        verified = pipeline.verify(asked(path, environment, local, deployment), screen)
    verdict = verified.verdict
    if as_json:
        click.echo(json.dumps({"deployment": verified.deployment_id, "verdict": verdict.word, **encode(verdict)}))
        return ExitCode.OK if verdict.good else ExitCode.VERIFY
    verified.require_good()
    click.echo(f"{len(verdict.results)} check{'s' if len(verdict.results) != 1 else ''} passed.")
    return ExitCode.OK


class _Screen(Screen):
    """Shows each check with its result."""

    def progress(self, event: Event) -> None:
        if not self.as_json:
            mark = {"passed": "✔", "failed": "✘"}.get(event.data["status"], "-")
            click.echo(folded([f"{mark} {event.message}"]))
