"""`hivemind verify`: the checks of a deployment, again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind.cli.context import deployment_option, environment_option, json_option, local_option, path_argument
from hivemind.flow.deployments import require
from hivemind.values.exits import ExitCode


@click.command("verify")
@path_argument
@environment_option
@local_option
@deployment_option
@json_option
def command(path: Path, environment: str | None, local: bool | None, deployment: str | None, as_json: bool) -> int:
    """Run the checks of a deployment again: the blueprint's, the plugins' and those that every service gets."""
    from hivemind.checks.verifying import refuse_bad, verify
    from hivemind.cli.project import checked_project
    from hivemind.flow.basis import checkout_of, standing
    from hivemind.releases.release import CheckResult
    from hivemind.text.codec import encode

    known = require(path, environment, deployment, local=local)
    known.require_changeable()
    cloud = known.cloud()
    checked = checked_project(checkout_of(known, path), known.state.environment, as_json=as_json, lint=False)

    def show(result: CheckResult) -> None:
        mark = {"passed": "✔", "failed": "✘"}.get(result.status.value, "-")
        if not as_json:
            click.echo(f"{mark} {result.name}: {result.message}")

    verdict = verify(standing(known, checked, cloud), show)
    known.store.update(known.state.deployment_id, verification_results=verdict)
    if as_json:
        click.echo(json.dumps({"deployment": known.state.deployment_id, "verdict": verdict.word, **encode(verdict)}))
        return ExitCode.OK if verdict.good else ExitCode.VERIFY
    refuse_bad(verdict)
    click.echo(f"{len(verdict.results)} of {len(verdict.results)} checks passed.")
    return ExitCode.OK
