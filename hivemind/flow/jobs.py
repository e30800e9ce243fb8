"""Jobs of a deployment: how they are, and a run that a person asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.flow.instances import Chosen, chosen_job, open_host
from hivemind.hosts import pool
from hivemind.releases.jobs import JobState, job_states
from hivemind.values.errors import HiveMindError

if TYPE_CHECKING:
    from hivemind.flow.deployments import Known
    from hivemind.flow.status import LiveStatus
    from hivemind.values.asked import Asked

DEADLINE = 8.0
"""Seconds in which an instance must answer by SSH."""


def run_job(asked: Asked, job: str) -> int:
    """Runs a job now, on the instance that its schedule runs it on; its exit code. Its output is shown.

    Raises DeploymentNotFound, CloudUnreachable, and StageError (deploy) where the instance can't be reached.
    """
    from hivemind.hosts.remote import run_job as command
    from hivemind.hosts.terminal import interact

    known, chosen = chosen_job(asked, job)
    with open_host(known, chosen) as host:
        code = interact(host, command(host, job))
        return code if code >= 0 else 1


def with_jobs(known: Known, found: LiveStatus) -> LiveStatus:
    """The status with its jobs. One whose instance can't be asked has the reason as its trouble."""
    clocked = {
        Chosen(service, one.id, number): one
        for service, instances in found.services.items()
        for number, one in enumerate(instances, 1)
        if one.jobs and not one.rests
    }
    running = [chosen for chosen, one in clocked.items() if one.state == "running"]
    states: dict[str, JobState] = {
        job: JobState(job, chosen.service, chosen.instance, trouble=f"its instance is {one.state}")
        for chosen, one in clocked.items()
        for job in one.jobs
    }
    for outcome in pool.on_each(running, lambda one: _asked(known, one)) if running else ():
        names = clocked[outcome.subject].jobs
        if outcome.error is None:
            told = {one.name: one for one in outcome.result or ()}
            for name in names:
                states[name] = told.get(name) or replace(states[name], trouble="no release has brought it yet")
        elif isinstance(outcome.error, HiveMindError):
            for name in names:
                states[name] = replace(states[name], trouble=outcome.error.message)
        else:
            raise outcome.error
    return replace(found, jobs=dict(sorted(states.items())))


def _asked(known: Known, one: Chosen) -> tuple[JobState, ...]:
    with open_host(known, one, deadline=DEADLINE) as host:
        return job_states(host, one.service)
