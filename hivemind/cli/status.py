"""`hivemind status`: what is deployed right now."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hivemind import pipeline
from hivemind.cli.context import (
    asked,
    deployment_option,
    environment_option,
    json_option,
    local_option,
    path_argument,
)
from hivemind.cli.paragraphs import folded
from hivemind.cli.screen import Screen
from hivemind.text.codec import encode
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from datetime import datetime

    from hivemind.pipeline import DeploymentState, JobState, LiveStatus, Maintenance, Status

_SUBJECT = 40
"""Characters of a commit's subject that are shown."""


@click.command("status")
@path_argument
@environment_option
@local_option
@deployment_option
@click.option("--check", is_flag=True, help="Fail (exit code 15) if anything is not in order, and say what.")
@json_option
def command(
    path: Path, environment: str | None, local: bool | None, deployment: str | None, check: bool, as_json: bool
) -> int:
    """Show the current state of a deployment: stack, instances and their health, release, address.

    Without --check, the exit code is 0 whether the deployment works or not. With --check, it is 15 if anything is not
    in order, 8 if the cloud cannot be asked, and 7 if nothing is deployed. With --json, "works" and "problems" tell.
    """
    with Screen(as_json=as_json) as screen:
        status = pipeline.status(asked(path, environment, local, deployment), screen)
    if status is None:
        _nothing(path, environment, as_json=as_json)
        return ExitCode.NOT_FOUND if check else ExitCode.OK
    if as_json:
        click.echo(json.dumps(_entry(status)))
    else:
        _print(status)
        if check and status.problems:
            click.secho(folded([f"Not in order: {one}" for one in status.problems]), fg="red", err=True)
    return _code(status) if check else ExitCode.OK


def _code(status: Status) -> ExitCode:
    if not status.problems:
        return ExitCode.OK
    return ExitCode.UNREACHABLE if status.unreachable else ExitCode.VERIFY


def _nothing(path: Path, environment: str | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"deployment": None}))
    else:
        folder = (path if path.is_dir() else path.parent).resolve()
        where, way = (f" in environment {environment}", f" -e {environment}") if environment else ("", "")
        click.echo(folded([f"Nothing is deployed from {folder}{where}. Deploy it: hivemind apply{way}"]))


def _print(status: Status) -> None:
    state = status.state
    revision = f"r{state.revision}" if state.revision else "no revision yet"
    where = f"{state.environment}, {state.cloud} {state.region}"
    click.secho(folded([f"{state.name or state.deployment_id} ({where})   {revision}"]), bold=True)
    if not state.changeable:
        click.echo(folded([state.instructions or ""]))
        return
    click.echo(_table(_rows(status)))
    if state.status == "rolled_back":
        click.echo("Nothing is deployed: it was rolled back. Deploy it again: hivemind apply")
    elif status.unreachable:
        click.echo(folded([f"{status.unreachable}. Recorded state: {state.status.value}"]))
    if state.failure_analysis is not None:
        how = state.failure_analysis.description.replace(" failed: ", ": ", 1)
        click.secho(folded(["Last run interrupted." if how == "interrupted" else f"Last run failed: {how}"]), fg="red")
        click.echo(folded(state.failure_analysis.remediation.splitlines()))


def _rows(status: Status) -> Iterator[tuple[str, str]]:
    """Name and text of each line; an instance's name is indented."""
    state = status.state
    if state.revisions:
        yield "released", _released(state)
    if status.found is not None and state.status != "rolled_back":
        yield from _live_rows(status.found, released=bool(state.revisions))
    yield from state.urls.items()


def _released(state: DeploymentState) -> str:
    revision = state.revisions[-1]
    subject = f' "{textwrap.shorten(revision.subject, _SUBJECT, placeholder="…")}"' if revision.subject else ""
    dirty = " with uncommitted changes" if revision.dirty and revision.commit else ""
    commit = f"{revision.commit[:7]}{subject}{dirty}, " if revision.commit else ""
    return f"{commit}{_when(revision.time)}, {_checks(state)}"


def _when(time: str) -> str:
    """A moment in UTC, to the minute."""
    return f"{time[:16].replace('T', ' ')} UTC" if time.endswith(("+00:00", "Z")) else time


def _checks(state: DeploymentState) -> str:
    """What the checks of the newest revision said."""
    verdict = state.revisions[-1].verdict
    if not verdict:
        return "checks not run"
    results = state.verification_results.results if state.verification_results else ()
    failed = sum(one.status == "failed" for one in results)
    if failed:
        return f"{failed} of {len(results)} checks failed"
    return "checks passed" if verdict == "good" else "checks failed"


def _live_rows(found: LiveStatus, *, released: bool) -> Iterator[tuple[str, str]]:
    yield "stack", found.status or "missing"
    if found.maintenance is not None:
        since, by = _when(found.maintenance.since), found.maintenance.by
        yield "maintenance", f"on since {since}, by {by}: every request gets 503"
    for service, instances in found.services.items():
        working = sum(one.works and not one.rests for one in instances)
        word = "healthy" if any(one.web for one in instances) else "running"
        resting = ", stopped at its hours" if any(one.rests for one in instances) else ""
        group = found.groups.get(service)
        sized = f" ({group.least} to {group.most} by load)" if group and group.least < group.most else ""
        sized += "; its group is held: `hivemind apply`" if group and group.suspended else ""
        count = max(len(instances), group.desired) if group else len(instances)
        yield service, f"{working} of {count} {word}{sized}{resting}" if released else "no release yet"
        for one in instances:
            yield f"  {one.id}", one.words
        for one in found.resting.get(service, ()):
            yield f"  {one.id}", f"the release before, without requests ({one.state})"
    for service, number in found.scaled.items():
        said = f"instances: {number.instances} by hivemind scale ({number.by}), hivemind.yaml says {number.said}"
        yield ("" if service in found.services else service), said
    yield from found.databases.items()
    for name, job in found.jobs.items():
        yield name, _job(job)


def _job(job: JobState) -> str:
    if job.trouble is not None:
        return f"job, unknown: {job.trouble}"
    told = [f"job on {job.service}, {job.schedule}"]
    if job.running is not None:
        told.append(f"running since {_utc(job.running.began)}")
    if job.last is not None:
        told.append(f"last run {_utc(job.last.began)}, {job.last.ending}")
    elif job.running is None:
        told.append("no run yet")
    if job.next is not None:
        told.append(f"next {_utc(job.next)}")
    return "; ".join(told)


def _utc(moment: datetime) -> str:
    return _when(moment.isoformat())


def _table(rows: Iterable[tuple[str, str]]) -> str:
    """Lines with the texts below each other, those of instances apart, since their names are long."""
    shown = list(rows)
    width = max((len(name) for name, _ in shown if not name.startswith(" ")), default=0)
    return folded(f"  {name:<{width}}  {text}" for name, text in shown)


def _job_entry(job: JobState) -> dict[str, object]:
    return {
        "service": job.service,
        "instance": job.instance,
        "schedule": job.schedule or None,
        "running": job.running is not None,
        "next": job.next.isoformat() if job.next else None,
        "trouble": job.trouble,
        "runs": [
            {
                "began": run.began.isoformat(),
                "ended": run.ended.isoformat() if run.ended else None,
                "exit_code": run.code,
                "ending": run.ending or None,
                "release": run.release,
                "scheduled": run.clocked,
            }
            for run in job.runs
        ],
    }


def _maintenance_entry(shown: Maintenance) -> dict[str, object]:
    return {"since": shown.since, "by": shown.by, "body": shown.page.body, "content_type": shown.page.content_type}


def _entry(status: Status) -> dict[str, object]:
    state, found = status.state, status.found
    return {
        "deployment": state.deployment_id,
        "name": state.name,
        "environment": state.environment,
        "cloud": state.cloud,
        "account": state.account,
        "region": state.region,
        "endpoint": state.endpoint,
        "status": state.status.value,
        "revision": f"r{state.revision}" if state.revision else None,
        "verdict": state.verification_results.word if state.verification_results else None,
        "url": next(iter(state.urls.values()), None),
        "urls": dict(state.urls),
        "stack": found.status if found else None,
        "works": status.works,
        "problems": list(status.problems),
        "services": {
            service: [
                {
                    "instance": one.id,
                    "state": one.state,
                    "health": one.health.state if one.health else None,
                    "reason": one.health.reason if one.health else None,
                    "description": one.health.description if one.health else None,
                    "process": one.process.state if one.process else None,
                    "restarts": one.process.restarts if one.process else None,
                }
                for one in instances
            ]
            for service, instances in (found.services if found else {}).items()
        },
        "resting": {
            service: [{"instance": one.id, "state": one.state} for one in instances]
            for service, instances in (found.resting if found else {}).items()
        },
        "groups": {
            service: {
                "min": group.least,
                "max": group.most,
                "desired": group.desired,
                "present": len(group.instances),
                "suspended": list(group.suspended),
            }
            for service, group in (found.groups if found else {}).items()
        },
        "maintenance": _maintenance_entry(found.maintenance) if found and found.maintenance else None,
        "scaled": {name: encode(one) for name, one in found.scaled.items()} if found else {},
        "databases": dict(found.databases) if found else {},
        "jobs": {name: _job_entry(job) for name, job in (found.jobs if found else {}).items()},
        "unreachable": status.unreachable,
        "changeable": state.changeable,
        "instructions": state.instructions,
    }
