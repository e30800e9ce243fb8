"""What runs the services that no load balancer looks at: asked of their instances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.flow.instances import Chosen, open_host
from hivemind.hosts import pool
from hivemind.releases.processes import process_state
from hivemind.values.errors import HiveMindError

if TYPE_CHECKING:
    from hivemind.flow.deployments import Known
    from hivemind.flow.status import InstanceStatus, LiveStatus
    from hivemind.releases.release import ProcessState

DEADLINE = 8.0
"""Seconds in which an instance must answer by SSH."""


def with_processes(known: Known, found: LiveStatus) -> LiveStatus:
    """The status with the processes of workers. One that can't be asked has the reason as its trouble."""
    workers = [
        Chosen(service, one.id, number)
        for service, instances in found.services.items()
        for number, one in enumerate(instances, 1)
        if not one.web and one.state == "running"
    ]
    if not workers:
        return found
    asked = {one.subject.instance: one for one in pool.on_each(workers, lambda one: _asked(known, one))}

    def told(instance: InstanceStatus) -> InstanceStatus:
        outcome = asked.get(instance.id)
        if outcome is None:
            return instance
        if outcome.error is None:
            return replace(instance, process=outcome.result)
        if isinstance(outcome.error, HiveMindError):
            return replace(instance, trouble=outcome.error.message)
        raise outcome.error

    services = {service: tuple(map(told, instances)) for service, instances in found.services.items()}
    return replace(found, services=services)


def _asked(known: Known, one: Chosen) -> ProcessState:
    with open_host(known, one, deadline=DEADLINE) as host:
        return process_state(host, one.service)
