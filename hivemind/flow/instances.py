"""Instances of a deployment: choosing one, a shell on it, and what the application says on all of them."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.flow.deployments import Known, require
from hivemind.values.errors import DeploymentNotFound, HiveMindError

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.values.asked import Asked, LinesWanted

DEFAULT_SYSTEM = "debian-12"
HEALTH_CHECKER = "ELB-HealthChecker/"
"""What every health check of a load balancer says of itself, and most access logs repeat."""
MOST_CHECKS = 50
"""Lines of health checks that may stand between two lines of the application, at most, for -n to be met."""


@dataclass(frozen=True)
class Chosen:
    """An instance: service, EC2 id, and the number among its service's."""

    service: str
    instance: str
    number: int


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


def logs(asked: Asked, service: str | None, wanted: LinesWanted) -> Logs:
    """The logs of a deployment's instances, or of those of one service. Raises DeploymentNotFound, CloudUnreachable;
    an instance that can't be read is a line with its trouble."""
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
        hint = f"Services: {', '.join(found)}" if found else "`hivemind status` shows what is deployed."
        raise DeploymentNotFound(f"no service {service}", hint=hint)
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


def login(known: Known, chosen: Chosen) -> str:
    """The user to log in as: that of the instance's operating system, by the recorded template."""
    from hivemind.hosts.connecting import login_name
    from hivemind.template.images import system_of

    recorded = known.state.recorded
    if recorded is not None:
        for logical_id, physical_id in recorded.physical_ids.items():
            if physical_id == chosen.instance:
                properties = recorded.template.get("Resources", {}).get(logical_id, {}).get("Properties", {})
                image = properties.get("ImageId")
                parameter = image.get("Ref") if isinstance(image, Mapping) else None
                return login_name(system_of(str(parameter)) or DEFAULT_SYSTEM)
    return login_name(DEFAULT_SYSTEM)


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
    from hivemind.hosts.remote import logs as logs_of

    trouble: str | None = "cannot read its log"
    try:
        with open_host(known, one) as host:
            for line in _kept(logs_of(host, one.service, lines=_enough(wanted), follow=wanted.follow), wanted):
                ready.put(LogLine(one, line))
        trouble = None
    except HiveMindError as error:
        trouble = error.message
    finally:
        ready.put(LogLine(one, None, trouble))


def _enough(wanted: LinesWanted) -> int:
    """Lines to ask an instance for, so that enough are left."""
    return wanted.lines if wanted.health_checks or wanted.follow else min(wanted.lines * MOST_CHECKS, 50_000)


def _kept(lines: Iterable[str], wanted: LinesWanted) -> Iterable[str]:
    """The lines to show: as they come when following, else the last ones."""
    kept = (line for line in lines if wanted.health_checks or HEALTH_CHECKER not in line)
    return kept if wanted.follow else deque(kept, maxlen=wanted.lines)
