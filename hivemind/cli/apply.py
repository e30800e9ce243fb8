"""`hivemind apply`: create or update the deployment, release the application, verify it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind.cli.context import (
    Globals,
    again_option,
    environment_option,
    json_option,
    local_option,
    path_argument,
    yes_option,
)
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.deploy.state import DeploymentState
    from hivemind.flow.apply import Applied
    from hivemind.flow.nothing_to_do import Look
    from hivemind.flow.run import Run
    from hivemind.plan.model import Plan
    from hivemind.values.cloud import Cloud


@click.command("apply")
@path_argument
@environment_option
@local_option
@yes_option
@click.option(
    "--require-clean/--allow-dirty",
    "require_clean",
    default=None,
    help="Refuse a work tree with uncommitted changes. Default: for environments marked production.",
)
@click.option(
    "--lose", multiple=True, metavar="LOGICAL_ID", help="Agree that this resource, which holds data, may be lost."
)
@click.option("--wait", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Wait for another run to end.")
@again_option
@json_option
def command(
    path: Path,
    environment: str | None,
    local: bool | None,
    yes: bool,
    require_clean: bool | None,
    lose: tuple[str, ...],
    wait: float,
    again: bool,
    as_json: bool,
) -> int:
    """Create or update the deployment, release the application and verify it.

    PATH is the blueprint, a folder with one, or a plan saved by `hivemind plan --out FILE`: then what was reviewed is
    what is done, or nothing.
    """
    reviewed = _reviewed(path)
    if reviewed is not None:
        path, environment = Path(), reviewed.environment
        if local is None and reviewed.cloud:
            local = reviewed.cloud == "local"
    seen = None if reviewed or again else _look(path, environment)
    if seen is not None and _stands(seen, local, as_json=as_json):
        return ExitCode.OK

    from hivemind.cli.project import checked_project, tell_new
    from hivemind.deploy.lease import acquire
    from hivemind.deploy.state import StateStore
    from hivemind.flow.clouds import connect, region_of
    from hivemind.flow.prepare import id_of, prepare
    from hivemind.flow.target import is_local_target

    checked = checked_project(path, environment, as_json=as_json)
    region = reviewed.region if reviewed else region_of(checked.blueprint)
    cloud = connect(checked.blueprint.name, region, checked.folder, local=is_local_target(checked, local), say=_note)
    _say_where(cloud, as_json=as_json)
    folder = StateStore(cloud.state).folder(id_of(checked, cloud))
    with acquire(
        folder, command="hivemind apply", wait=wait, on_wait=lambda holder: _note(f"waiting for {holder}")
    ) as lease:
        again = again or (reviewed is not None and reviewed.again)
        run = prepare(checked, cloud, may_lose=frozenset(lose), again=again, held=lease.check, say=_note)
        if reviewed is not None:
            _refuse_changed(reviewed, run)
        if seen is not None:
            seen.keep(run)
        if run.plan.empty and not run.unverified:
            _remove_left(run)
            _nothing_to_do(cloud, run.store.load(run.deployment_id), as_json=as_json)
            return ExitCode.OK
        _refuse_dirty(run, checked.blueprint.require_clean if require_clean is None else require_clean)
        _refuse_loss(run)
        tell_new(checked, run.checked, as_json=as_json)
        if as_json:
            _findings(run)
        _approve(run, yes=yes or reviewed is not None, as_json=as_json)
        if run.unverified:
            _note("Nothing changes, but the last run did not end well: its checks run again.")
        applied = _run(run, as_json=as_json)
    _summary(applied, cloud.calls(), as_json=as_json)
    return ExitCode.OK


def _remove_left(run: Run) -> None:
    """What an earlier run left of its build instances."""
    state = run.store.find(run.deployment_id)
    if state is not None and state.build_stack:
        from hivemind.deploy.build_stack import remove_left

        _note(f"An earlier run left the build stack {state.build_stack}: it is deleted.")
        remove_left(run.cloud, run.store, run.deployment_id, state.build_stack, _note, clock=run.clock)


def _reviewed(path: Path) -> Plan | None:
    """The saved plan that PATH is, if it is one."""
    if path.suffix != ".json" and (path.suffix in (".yaml", ".yml") or not path.is_file()):
        return None
    from hivemind.plan.file import load

    return load(path)


def _look(path: Path, environment: str | None) -> Look | None:
    """The project as it is; None where plugins were named, whose part in it can't be seen."""
    from hivemind.cli.project import blueprint_file
    from hivemind.flow.clouds import region_of
    from hivemind.flow.nothing_to_do import look

    plain = click.get_current_context().find_object(Globals) == Globals()
    return look(blueprint_file(path), (environment or "", region_of(None))) if plain else None


def _stands(seen: Look, local: bool | None, *, as_json: bool) -> bool:
    """Whether what was made of the project before is what stands; says so."""
    from hivemind.flow.clouds import connect, region_of
    from hivemind.flow.nothing_to_do import stands
    from hivemind.flow.target import target_is_local

    made = seen.made()
    if made is None:
        return False
    folder = seen.file.parent
    here = target_is_local(made.cloud, folder, made.environment, local)
    cloud = connect(made.name, made.region or region_of(None), folder, local=here, say=_note)
    state = stands(made, cloud)
    if state is None:
        return False
    _say_where(cloud, as_json=as_json)
    _nothing_to_do(cloud, state, as_json=as_json)
    return True


def _run(run: Run, *, as_json: bool) -> Applied:
    from hivemind.cli.progress import renderer
    from hivemind.flow.apply import apply

    try:
        with renderer(as_json, sys.stdout) as show:
            return apply(run, show)
    except KeyboardInterrupt as interrupt:
        watched = (
            f" What the stack {run.checked.blueprint.stack_name} was doing goes on in the cloud; "
            "this program only watched."
        )
        _note(
            f"\nInterrupted.{watched if run.apply.changes_stack else ''}\n"
            "hivemind apply goes on where this run stopped; hivemind events tells what was done."
        )
        raise click.exceptions.Exit(ExitCode.INTERRUPTED) from interrupt  # it is said; `main` need not


def _refuse_changed(reviewed: Plan, run: Run) -> None:
    from hivemind.deploy.journal import is_interrupted
    from hivemind.values.errors import PlanChanged

    # A run that was cut off has changed what stands: its plan goes on where it stopped.
    if reviewed.digest != run.plan.digest and not is_interrupted(run.folder, reviewed.digest):
        raise PlanChanged(
            "what would happen now is not what was reviewed: "
            f"digest {run.plan.digest[:12]}, reviewed {reviewed.digest[:12]}",
            hint="Look again: hivemind plan --out FILE",
        )


def _refuse_dirty(run: Run, require_clean: bool) -> None:
    from hivemind.values.errors import Refused

    dirty = [name for name, source in run.sources.items() if source.provenance.dirty]
    if require_clean and dirty:
        raise Refused(
            f"the work tree has changes that are not committed, or is no git repository ({', '.join(dirty)})",
            hint="Commit them, or apply with --allow-dirty.",
        )


def _refuse_loss(run: Run) -> None:
    from hivemind.values.errors import Refused

    unnamed = [change for change in run.plan.losing_data if change.logical_id not in run.apply.may_lose]
    if unnamed:
        named = ", ".join(f"{change.logical_id} ({change.type}, {change.action.value})" for change in unnamed)
        flags = " ".join(f"--lose {change.logical_id}" for change in unnamed)
        raise Refused(f"this would lose or leave behind data: {named}", hint=f"If that is what you want: {flags}")


def _approve(run: Run, *, yes: bool, as_json: bool) -> None:
    from hivemind.cli.paragraphs import folded
    from hivemind.plan.show import lines
    from hivemind.values.errors import Refused

    if not as_json:
        click.echo(folded(lines(run.plan)))
        click.echo()
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(
            "nobody is there to approve the plan", hint="hivemind apply --yes, or apply a reviewed plan FILE."
        )
    if not click.confirm("Apply?", err=True):
        raise Refused("not applied", hint="Nothing was changed.")


def _findings(run: Run) -> None:
    """A line with what people are warned of, before the events; none where that is nothing."""
    remarks = [finding.as_json() for finding in run.checked.findings if finding.severity != "info"]
    if remarks:
        click.echo(json.dumps({"findings": remarks}))


def _nothing_to_do(cloud: Cloud, state: DeploymentState, *, as_json: bool) -> None:
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
                    "calls": dict(cloud.calls()),
                }
            )
        )
        return
    click.echo(f"{state.name} r{state.revision} stands as described: nothing to do.")
    for url in urls.values():
        click.echo(f"  {url}")


def _summary(applied: Applied, calls: Mapping[str, int], *, as_json: bool) -> None:
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
                    "seconds": {stage: round(value, 2) for stage, value in applied.seconds.items()},
                    "calls": dict(calls),
                }
            )
        )
        return
    from hivemind.cli.paragraphs import folded
    from hivemind.cli.stages import word
    from hivemind.cli.tree import duration

    times = ", ".join(f"{word(stage)} {duration(value).strip()}" for stage, value in applied.seconds.items())
    click.echo(folded([f"{_resources(applied.created)}  {times}"]))
    first = next(iter(applied.urls.values()), None)
    click.secho(f"{applied.revision} is live" + (f": {first}" if first else ""), bold=True)
    for service, url in list(applied.urls.items())[1:]:
        click.echo(f"  {service}: {url}")
    click.echo("Next: hivemind status | logs | verify | open | destroy")


def _resources(number: int) -> str:
    if not number:
        return "The stack is as it was."
    return f"{number} resource{'s' if number > 1 else ''} created or changed."


def _say_where(cloud: Cloud, *, as_json: bool) -> None:
    if cloud.name == "local" and not as_json:
        _note(
            f"Local cloud {cloud.endpoint}, account {cloud.account}.   hivemind local stop\n"
            f"Health checks and draining run {cloud.pace:g} times faster in it than on AWS.\n"
        )


def _note(text: str) -> None:
    click.echo(text, err=True)
