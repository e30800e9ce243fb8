"""Rules for jobs: entries of `services` that run by the clock, beside a service that has the code and the instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hivemind.blueprint.forms import mapping_of
from hivemind.blueprint.hours import NoHours, hours_of
from hivemind.blueprint.overlay import View
from hivemind.blueprint.scaling import scaling_of
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.cron import NoSchedule, parse
from hivemind.values.findings import Finding, Severity

JOB = "job"
KEYS = ("kind", "on", "schedule", "start", "timeouts")
"""What a job may say; all else is said by the service that it runs on."""
_OWN = ("on", "schedule")
_RUN = "run"
_LOOKED_AT = 200
"""Times at which a job is due that are compared with hours of operation."""


def jobs_of(services: Any) -> dict[str, Mapping[str, Any]]:
    """The entries of `services` that are jobs, by name."""
    entries = mapping_of(services)
    return {name: entry for name in entries if (entry := mapping_of(entries[name])).get("kind") == JOB}


def runs_on(job: Mapping[str, Any], services: Any) -> str | None:
    """The service that a job runs on: the one that it names, else the only one that runs code; None for neither."""
    hosts = _hosts(services)
    if isinstance(job.get("on"), str):
        return job["on"] if job["on"] in hosts else None
    return hosts[0] if len(hosts) == 1 else None


def jobs(view: View) -> Iterator[Finding]:
    """Jobs have all that they need, and nothing that only services have."""
    services = view.data.get("services")
    found = jobs_of(services)
    for name, job in found.items():
        yield from _lacks(view, name, job)
        yield from _has_too_much(view, name, job)
        yield from _host(view, name, job, services)
        yield from _rests(view, name, job)
    for name, said in mapping_of(services).items():
        if name not in found:
            yield from _is_no_job(view, name, mapping_of(said))


def _lacks(view: View, name: str, job: Mapping[str, Any]) -> Iterator[Finding]:
    examples = {"schedule": 'schedule: "0 3 * * *"', "start": "start: COMMAND"}
    for key, example in examples.items():
        if job.get(key) is None:
            hint = f"Add `{example}`."
            yield view.finding("H471", ("services", name), f"the job {name} has no {key}", hint, key=True)


def _has_too_much(view: View, name: str, job: Mapping[str, Any]) -> Iterator[Finding]:
    said: list[tuple[str, ...]] = [(key,) for key in job if key not in KEYS]
    said += [("timeouts", key) for key in mapping_of(job.get("timeouts")) if key != _RUN]
    for path in said:
        message = f"a job has no {'.'.join(path)} of its own: it runs with the code and variables of a service"
        hint = f"Remove it, or write it into that service. A job has {listed(KEYS)}."
        yield view.finding("H472", ("services", name, *path), message, hint, key=True)


def _host(view: View, name: str, job: Mapping[str, Any], services: Any) -> Iterator[Finding]:
    if runs_on(job, services) is not None:
        return
    hosts, on = _hosts(services), job.get("on")
    if not hosts:
        hint = "Add a service with the code, and instances that stay, such as `worker: {kind: worker}`."
        yield view.finding("H473", ("services", name), f"no service runs code for the job {name}", hint, key=True)
    elif on is None:
        message, hint = f"the job {name} does not say which service it runs on", f"Add `on: {hosts[0]}`."
        yield view.finding("H473", ("services", name), message, f"{hint} Services: {listed(hosts)}.", key=True)
    elif isinstance(on, str):
        entry = mapping_of(mapping_of(services).get(on))
        what = {JOB: "is a job itself", "static": "serves files and runs no code"}.get(str(entry.get("kind")))
        if what is None and scaling_of(entry.get("instances")) is not None:
            what = "has instances that come and go, and a job runs on one that stays"
        message = f'"{on}" {what}' if what else f'"{on}" is not in services'
        hint = did_you_mean(on, hosts) or f"Services: {listed(hosts)}."
        yield view.finding("H473", ("services", name, "on"), message, hint)


def _rests(view: View, name: str, job: Mapping[str, Any]) -> Iterator[Finding]:
    said, schedule = view.data.get("hours"), job.get("schedule")
    hours = hours_of(said) if isinstance(said, str) else None
    if hours is None or isinstance(hours, NoHours) or not isinstance(schedule, str):
        return
    try:
        due, moment = parse(schedule), datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    except NoSchedule:
        return
    for _ in range(_LOOKED_AT):
        moment = due.next(moment)
        if hours.includes(datetime.fromtimestamp(moment, UTC)):
            return
    message = f"the instances are stopped whenever the job {name} is due: they run {hours}"
    hint = "It runs once when they start. Choose a time within the hours, if it matters when."
    yield view.finding("H474", ("services", name, "schedule"), message, hint, severity=Severity.WARNING)


def _is_no_job(view: View, name: str, service: Mapping[str, Any]) -> Iterator[Finding]:
    said: list[tuple[str, ...]] = [(key,) for key in _OWN if key in service]
    said += [("timeouts", _RUN)] if _RUN in mapping_of(service.get("timeouts")) else []
    for path in said:
        message = f"services.{name} has a {'.'.join(path)}, but is not a job"
        hint = "Add `kind: job`, or remove it." if service.get("kind") is None else "Write `kind: job`, or remove it."
        yield view.finding("H472", ("services", name, *path), message, hint, key=True)


def _hosts(services: Any) -> list[str]:
    """Services that run code of their own, on instances that stay."""
    entries = {name: mapping_of(entry) for name, entry in mapping_of(services).items()}
    return [
        name
        for name, entry in entries.items()
        if entry.get("kind") not in (JOB, "static") and scaling_of(entry.get("instances")) is None
    ]
