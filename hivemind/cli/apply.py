"""`hivemind apply`: create or update the deployment, release the application, verify it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

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
    wait_option,
    yes_option,
)
from hivemind.cli.screen import NOBODY, Screen, warnings
from hivemind.pipeline import Decision, Proposal, ProposedApply
from hivemind.values.asked import Terms
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.pipeline import Applied, Ended
    from hivemind.values.findings import Finding


@click.command("apply")
@path_argument
@environment_option
@local_option
@yes_option
@click.option(
    "--require-clean/--allow-dirty",
    "require_clean",
    default=None,
    help="Refuse uncommitted changes, or allow them. Default: refuse for environments declared with stage: production.",
)
@click.option(
    "--lose",
    multiple=True,
    metavar="LOGICAL_ID",
    help="Allow the loss of this resource and its data. Can be repeated.",
)
@click.option(
    "--skip-rollback",
    multiple=True,
    metavar="LOGICAL_ID",
    help="If a rollback failed: leave this resource as it is and continue. Can be repeated.",
)
@click.option("--keep", is_flag=True, help="Keep new instances of a blue-green release that fails, to look at them.")
@role_option
@wait_option
@again_option
@click.option(
    "--reset-scale", is_flag=True, help="Return to the numbers of instances in hivemind.yaml, after `hivemind scale`."
)
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    yes: bool,
    require_clean: bool | None,
    lose: tuple[str, ...],
    skip_rollback: tuple[str, ...],
    keep: bool,
    role_arn: str | None,
    wait: float,
    again: bool,
    reset_scale: bool,
    as_json: bool,
) -> int:
    """Create or update the deployment, release the application and verify it.

    PATH is the blueprint, its folder, or a plan saved by `hivemind plan --out FILE`. A saved plan is carried out
    exactly as reviewed, or not at all.
    """
    terms = Terms(frozenset(lose), require_clean, again, wait, frozenset(skip_rollback), keep, reset_scale=reset_scale)
    with PlanScreen(as_json=as_json, yes=yes) as screen:
        ended = pipeline.apply(replace(asked(path, environment, local), role_arn=role_arn), screen, terms)
    print_ended(ended, as_json=as_json)
    return ExitCode.OK


def print_ended(ended: Ended, *, as_json: bool) -> None:
    """What an apply came to."""
    if ended.applied is None:
        _nothing_to_do(ended, as_json=as_json)
    else:
        _summary(ended.applied, ended.state.environment, ended.calls, as_json=as_json)


class PlanScreen(Screen):
    """Shows the plan and asks, unless the answer is known. yes: whether it was given before the question."""

    def __init__(self, *, as_json: bool, yes: bool) -> None:
        super().__init__(as_json=as_json, yes=yes)
        self._found: list[Finding] = []

    def findings(self, found: Sequence[Finding]) -> None:
        self._found += warnings(found)
        super().findings(found)

    def approve(self, proposal: Proposal) -> Decision:
        if not isinstance(proposal, ProposedApply):
            return super().approve(proposal)
        if self.as_json:
            self._print_findings()
        else:
            from hivemind.cli.paragraphs import folded
            from hivemind.plan.show import lines

            click.echo(folded(lines(proposal.plan)))
            click.echo()
        if self.yes or proposal.reviewed:
            return Decision.yes()
        if not sys.stdin.isatty():
            return Decision.no(NOBODY, "Pass --yes, or apply a saved plan: `hivemind plan --out FILE`.")
        if not click.confirm("Apply?", err=True):
            return Decision.no("Not applied. Nothing was changed.")
        return Decision.yes()

    def _print_findings(self) -> None:
        """A line with what people are warned of, before the events; none where that is nothing."""
        if self._found:
            click.echo(json.dumps({"findings": [finding.as_json() for finding in self._found]}))


def _nothing_to_do(ended: Ended, *, as_json: bool) -> None:
    state = ended.state
    urls = dict(state.urls)
    if as_json:
        verdict = state.verification_results.word if state.verification_results else None
        click.echo(
            json.dumps(
                {
                    "deployment": state.deployment_id,
                    "revision": f"r{state.revision}",
                    "url": next(iter(urls.values()), None),
                    "verdict": verdict,
                    "changed": False,
                    "calls": dict(ended.calls),
                }
            )
        )
        return
    click.echo(f"{state.name} is already up to date (r{state.revision}).")
    for url in urls.values():
        click.echo(f"  {url}")


def _summary(applied: Applied, environment: str, calls: Mapping[str, int], *, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps(
                {
                    "deployment": applied.deployment_id,
                    "revision": applied.revision,
                    "url": next(iter(applied.urls.values()), None),
                    "urls": dict(applied.urls),
                    "verdict": applied.verdict.word,
                    "changed": True,
                    "warnings": dict(applied.warnings),
                    "seconds": {stage: round(value, 2) for stage, value in applied.seconds.items()},
                    "total_seconds": round(applied.total, 2),
                    "calls": dict(calls),
                }
            )
        )
        return
    from hivemind.cli.paragraphs import folded
    from hivemind.cli.tree import duration

    for step, reason in applied.warnings.items():
        click.secho(folded([f"warning: {step}: {reason}"]), fg="yellow", err=True)
    times = ", ".join(f"{stage} {duration(value)}" for stage, value in applied.seconds.items())
    click.echo(folded([f"{_resources(applied.created)} Total {duration(applied.total)}: {times}."]))
    first = next(iter(applied.urls.values()), None)
    click.secho(f"{applied.revision} is live" + (f": {first}" if first else ""), bold=True)
    for service, url in list(applied.urls.items())[1:]:
        click.echo(f"  {service}: {url}")
    which = "" if environment == "production" else f", each with -e {environment}"
    click.echo(f"Next{which}: hivemind status | logs | verify | open | destroy")


def _resources(number: int) -> str:
    if not number:
        return "No resource changed."
    return f"{number} resource{'s' if number > 1 else ''} created or changed."
