"""An instance made ready for releases: reached by SSH, and the installer brought to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.hosts import remote
from hivemind.hosts.connecting import connect, login_name

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.hosts.ssh import Host
    from hivemind.steps.step import Context

SSH_DEADLINE = 600.0
"""Seconds for an instance to boot, to tell its host key and to answer: some consoles are minutes late."""


def prepared(service: Service, instance: str, context: Context, *, deadline: float = SSH_DEADLINE) -> Host:
    """A connection to an instance of a service, open until the run ends. deadline: seconds to reach it. Raises
    StageError(deploy)."""
    deployment = context.deployment
    host = connect(
        deployment.cloud,
        instance,
        key=deployment.key.private,
        user=login_name(service.os),
        known=deployment.known_hosts,
        deadline=deadline,
        clock=deployment.clock,
        on_wait=context.progress,
        futile=lambda: context.futile,
    )
    context.closing(host.close)
    remote.prepare(host, service.name)
    return host
