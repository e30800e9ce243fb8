"""Instances of a deployment: choosing one, a shell on it, and what the application says on all of them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.flow.deployments import Known, require
from hivemind.flow.health_check_lines import IsCheck, last, recogniser
from hivemind.template.names import launch_template, target_group
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.errors import DeploymentNotFound, HiveMindError

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.values.asked import Asked, LinesWanted

DEFAULT_SYSTEM = "debian-12"


@dataclass(frozen=True)
class Chosen:
    """An instance: service, EC2 id, and the number among its service's. job: of the service, where one is meant."""

    service: str
    instance: str
    number: int
    job: str | None = None

    @property
    def name(self) -> str:
        """What has a log of its own there: the service, or the job."""
        return self.job or self.service


@dataclass(frozen=True)
class LogLine:
    """What came from an instance. line: None at its end. trouble: why it ended."""

    of: Chosen
    line: str | None
    trouble: str | None = None


@dataclass(frozen=True)
class Logs:
    """What the application says. chosen: on which instances. lines: as they come, from all of them; each ends with
    one without a line."""

    chosen: tuple[Chosen, ...]
    lines: Iterator[LogLine]


def logs(asked: Asked, service: str | None, wanted: LinesWanted, job: str | None = None) -> Logs:
    """The logs of a deployment's instances, or of those of one service, or of a job. Raises DeploymentNotFound,
    CloudUnreachable; an instance that can't be read is a line with its trouble."""
    if job is not None:
        known, one = chosen_job(asked, job)
        return Logs((one,), _lines(known, (one,), wanted))
    known = _changeable(asked)
    chosen = instances(known, service)
    return Logs(chosen, _lines(known, chosen, wanted))


def shell(asked: Asked, service: str | None, instance: str | None, command: str | None) -> int:
    """Runs a command, or a shell on this terminal, on an instance; its exit code, 1 where it has none.

    instance: EC2 id or number among those of the service; None: the first. Raises DeploymentNotFound,
    CloudUnreachable, and StageError (deploy) where the instance can't be reached.
    """
    from hivemind.hosts.terminal import interact

    known = _changeable(asked)
    with open_host(known, one_instance(known, service, instance)) as host:
        code = interact(host, command)
        return code if code >= 0 else 1


def instances(known: Known, service: str | None) -> tuple[Chosen, ...]:
    """The running instances of a deployment, or of one of its services, in order. Raises DeploymentNotFound."""
    from hivemind.flow.status import live_status

    found = live_status(known.cloud(), known.stack).services
    if service is not None and service not in found:
        near = did_you_mean(service, found)
        known_ones = f"Services: {', '.join(found)}" if found else "`hivemind status` shows what is deployed."
        raise DeploymentNotFound(f"no service {service}", hint=f"{near} {known_ones}" if near else known_ones)
    every = tuple(
        Chosen(name, one.id, number)
        for name, members in sorted(found.items())
        if service in (None, name)
        for number, one in enumerate(members, 1)
        if one.state == "running"
    )
    if not every:
        raise DeploymentNotFound("no instance is running", hint="`hivemind status` shows what is deployed.")
    return every


def resting(known: Known) -> tuple[Chosen, ...]:
    """The running instances that have the release before, and get no requests."""
    from hivemind.flow.status import live_status

    return tuple(
        Chosen(name, one.id, number)
        for name, members in sorted(live_status(known.cloud(), known.stack).resting.items())
        for number, one in enumerate(members, 1)
        if one.state == "running"
    )


def one_instance(known: Known, service: str | None, wanted: str | None) -> Chosen:
    """One instance: by its EC2 id or number, else the first. Raises DeploymentNotFound."""
    every = instances(known, service)
    if wanted is None:
        return every[0]
    for one in every:
        if wanted in (one.instance, str(one.number)):
            return one
    listed = ", ".join(f"{one.service} {one.number} ({one.instance})" for one in every)
    raise DeploymentNotFound(f"no running instance {wanted}", hint=f"Running: {listed}")


def chosen_job(asked: Asked, job: str) -> tuple[Known, Chosen]:
    """A deployment, and the instance on which a job of it runs. Raises DeploymentNotFound."""
    from hivemind.flow.status import live_status

    known = _changeable(asked)
    found = {
        name: (Chosen(service, one.id, number, name), one.state)
        for service, members in live_status(known.cloud(), known.stack).services.items()
        for number, one in enumerate(members, 1)
        for name in one.jobs
    }
    if job not in found:
        hint = did_you_mean(job, found) or (f"Jobs: {listed(found)}." if found else "The deployment has no jobs.")
        raise DeploymentNotFound(f"no job {job}", hint=hint)
    chosen, state = found[job]
    if state != "running":
        hint = "`hivemind status` shows what is deployed."
        raise DeploymentNotFound(f"the instance of the job {job} is {state}: {chosen.instance}", hint=hint)
    return known, chosen


def login(known: Known, chosen: Chosen) -> str:
    """The user to log in as: that of the instance's operating system, by the recorded template."""
    from hivemind.hosts.connecting import login_name
    from hivemind.template.images import system_of

    recorded = known.state.recorded
    if recorded is None:
        return login_name(DEFAULT_SYSTEM)
    # An instance of a group is no resource of the stack; what it is made from is.
    ids = {physical_id: logical_id for logical_id, physical_id in recorded.physical_ids.items()}
    logical_id = ids.get(chosen.instance) or launch_template(chosen.service)
    properties = recorded.template.get("Resources", {}).get(logical_id, {}).get("Properties", {})
    image = properties.get("LaunchTemplateData", properties).get("ImageId")
    parameter = image.get("Ref") if isinstance(image, Mapping) else None
    return login_name(system_of(str(parameter)) or DEFAULT_SYSTEM)


def open_host(known: Known, chosen: Chosen, *, deadline: float = 20.0) -> Host:
    """An open SSH connection to an instance. deadline: seconds. Raises StageError(deploy) where there is none."""
    from hivemind.deploy import shared_key
    from hivemind.hosts.connecting import connect

    cloud = known.cloud()
    return connect(
        cloud,
        chosen.instance,
        key=shared_key.of(cloud, known.folder, known.state.deployment_id).private,
        user=login(known, chosen),
        known=known.state.host_keys,
        deadline=deadline,
    )


def _changeable(asked: Asked) -> Known:
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    return known


def _lines(known: Known, chosen: tuple[Chosen, ...], wanted: LinesWanted) -> Iterator[LogLine]:
    # Lines wait here for who shows them; a slow one slows the readers down instead of filling the memory.
    ready: queue.Queue[LogLine] = queue.Queue(maxsize=1000)
    for one in chosen:
        threading.Thread(target=_read, args=(known, one, wanted, ready), daemon=True).start()
    running = len(chosen)
    while running:
        line = ready.get()
        running -= line.line is None
        yield line


def _read(known: Known, one: Chosen, wanted: LinesWanted, ready: queue.Queue[LogLine]) -> None:
    trouble: str | None = "cannot read its log"
    try:
        with open_host(known, one) as host:
            for line in _wanted(host, one.name, wanted, recogniser(_health_path(known, one.service))):
                ready.put(LogLine(one, line))
        trouble = None
    except HiveMindError as error:
        trouble = error.message
    finally:
        ready.put(LogLine(one, None, trouble))


def _wanted(host: Host, service: str, wanted: LinesWanted, is_check: IsCheck) -> Iterator[str]:
    """The lines to show: the last ones, and then as they come when following."""
    from hivemind.hosts.remote import logs as logs_of

    if wanted.health_checks:
        yield from logs_of(host, service, lines=wanted.lines, follow=wanted.follow)
        return
    lines, among = last(lambda count: list(logs_of(host, service, lines=count)), wanted.lines, is_check)
    if not wanted.follow:
        yield from lines
        return
    yield from (line for line in logs_of(host, service, lines=among, follow=True) if not is_check(line))


def _health_path(known: Known, service: str) -> str | None:
    """The path of a service's health check, as recorded; None for a worker."""
    resources = known.state.recorded.template.get("Resources", {}) if known.state.recorded else {}
    path = resources.get(target_group(service), {}).get("Properties", {}).get("HealthCheckPath")
    return path if isinstance(path, str) else None
