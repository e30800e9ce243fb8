"""Choosing an instance of a deployment, and connecting to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.flow.deployments import Known
from hivemind.values.errors import DeploymentNotFound

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host

DEFAULT_SYSTEM = "debian-12"


@dataclass(frozen=True)
class Chosen:
    """An instance: service, EC2 id, and the number among its service's."""

    service: str
    instance: str
    number: int


def instances(known: Known, service: str | None) -> tuple[Chosen, ...]:
    """The running instances of a deployment, or of one of its services, in order. Raises DeploymentNotFound."""
    from hivemind.flow.status import look

    found = look(known.cloud(), known.stack).services
    if service is not None and service not in found:
        hint = f"services: {', '.join(found)}" if found else "`hivemind status` tells what stands."
        raise DeploymentNotFound(f"there is no service {service}", hint=hint)
    every = tuple(
        Chosen(name, one.id, number)
        for name, members in sorted(found.items())
        if service in (None, name)
        for number, one in enumerate(members, 1)
        if one.state == "running"
    )
    if not every:
        raise DeploymentNotFound("no instance is running", hint="`hivemind status` tells what stands.")
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
    raise DeploymentNotFound(f"there is no instance {wanted}", hint=f"running: {listed}")


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


def open_host(known: Known, chosen: Chosen) -> Host:
    """An open SSH connection to an instance. Raises StageError(deploy) where there is none."""
    from hivemind.hosts.connecting import connect
    from hivemind.hosts.keys import deployment_key

    return connect(
        known.cloud(),
        chosen.instance,
        key=deployment_key(known.folder).private,
        user=login(known, chosen),
        known=known.state.host_keys,
        deadline=20.0,
    )
