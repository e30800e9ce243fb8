"""`hivemind plan`: what apply would change."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hivemind.cli.context import again_option, environment_option, json_option, local_option, path_argument
from hivemind.values.exits import ExitCode


@click.command("plan")
@path_argument
@environment_option
@local_option
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan, for `hivemind apply FILE`."
)
@again_option
@json_option
def command(
    path: Path, environment: str | None, local: bool | None, out: Path | None, again: bool, as_json: bool
) -> int:
    """Show what apply would create, change, replace and delete.

    The plan says its basis: live (compared with the cloud as it stands), recorded (with the last known state), or none.
    It needs neither AWS nor a running local cloud.
    """
    from hivemind.cli.paragraphs import folded
    from hivemind.cli.project import checked_project, tell_new
    from hivemind.flow.basis import basis
    from hivemind.flow.target import is_local_target
    from hivemind.pipeline import planned
    from hivemind.plan import file
    from hivemind.plan.show import lines
    from hivemind.values.clock import SYSTEM_CLOCK
    from hivemind.values.errors import HiveMindError

    checked = checked_project(path, environment, as_json=as_json)
    known = basis(checked, local)
    made_at = SYSTEM_CLOCK.now().isoformat(timespec="seconds")
    cloud = "local" if is_local_target(checked, local) else "aws"
    compared, plan, _ = planned(
        checked, known.snapshot, known.platform, region=known.region, cloud=cloud, made_at=made_at, again=again
    )
    tell_new(checked, compared, as_json=as_json)
    if out is not None:
        try:
            file.save(plan, out)
        except OSError as error:
            raise HiveMindError(f"{out}: {error.strerror}", exit_code=ExitCode.NOT_FOUND) from None
    if as_json:
        findings = [finding.as_json() for finding in compared.findings]
        click.echo(json.dumps({**file.as_json(plan), "empty": plan.empty, "findings": findings}))
        return ExitCode.OK
    click.echo(folded(lines(plan)))
    if out is not None:
        click.echo(f"Saved: {out}   (hivemind apply {out})")
    return ExitCode.OK
