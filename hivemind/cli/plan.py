"""`hivemind plan`: what apply would change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from hivemind import pipeline
from hivemind.cli.context import (
    again_option,
    asked,
    environment_option,
    json_option,
    local_option,
    path_argument,
    role_option,
)
from hivemind.cli.screen import Screen
from hivemind.values.exits import ExitCode


@click.command("plan")
@path_argument
@environment_option
@local_option
@role_option
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan to FILE, for `hivemind apply FILE`."
)
@again_option
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    role_arn: str | None,
    out: Path | None,
    again: bool,
    as_json: bool,
) -> int:
    """Show what apply would create, change, replace and delete.

    The plan names its basis: live (compared with the cloud), recorded (compared with the last known state) or none.
    Needs neither AWS nor a running local cloud.

    \b
    + create   ~ update   ! replace   - delete
    ^ release  * build instance or step of a plugin
    """
    from hivemind.cli.paragraphs import folded
    from hivemind.plan import file
    from hivemind.plan.show import lines
    from hivemind.values.errors import HiveMindError

    with Screen(as_json=as_json) as screen:
        planned = pipeline.plan(replace(asked(path, environment, local), role_arn=role_arn), screen, again=again)
    plan = planned.plan
    if out is not None:
        try:
            file.save(plan, out)
        except OSError as error:
            raise HiveMindError(f"{out}: {error.strerror}", exit_code=ExitCode.NOT_FOUND) from None
    if as_json:
        findings = [finding.as_json() for finding in planned.checked.findings]
        click.echo(json.dumps({**file.as_json(plan), "empty": plan.empty, "findings": findings}))
        return ExitCode.OK
    click.echo(folded(lines(plan)))
    if out is not None:
        click.echo(f"Saved {out}. Apply it: hivemind apply {out}")
    return ExitCode.OK
