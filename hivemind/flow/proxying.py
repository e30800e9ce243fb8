"""A way from this machine to a resource of a deployment: through an instance that is let in."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hivemind.flow.basis import checkout_of, deployed_now
from hivemind.flow.deployments import require
from hivemind.flow.instances import instances, open_host
from hivemind.flow.project import checked_project
from hivemind.hosts.bridge import listening
from hivemind.releases.bindings import binding_values, fill
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.flow.face import Face
    from hivemind.hosts.ssh import Host
    from hivemind.releases.deployed import Deployed
    from hivemind.values.asked import Asked

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Way:
    """deployment: its id. resource: its name. type: of it. port: of this machine that leads to it. variables: what a
    service finds of it, with this machine's address and port. values: the binding's placeholders, likewise; both hold
    the password."""

    deployment: str
    resource: str
    type: str
    port: int
    variables: Mapping[str, str] = field(repr=False)
    values: Mapping[str, str] = field(repr=False)


@contextlib.contextmanager
def way_to(asked: Asked, face: Face, resource: str | None, port: int) -> Iterator[Way]:
    """A port of this machine that leads to a resource, while the context lasts.

    resource: its name; None: the only one that can be reached like this. port: 0 for any. Raises DeploymentNotFound,
    CloudUnreachable, StageError (deploy) where no instance can be reached, HiveMindError for an unknown resource, for
    one that nothing uses and for a port that is taken.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    project = replace(asked, path=checkout_of(known, asked), environment=known.state.environment)
    checked = checked_project(project, face, lint=False)
    deployed = deployed_now(known, checked, known.cloud())
    name = _meant(deployed, resource)
    binding, outputs, secrets = deployed.bound(name)
    values = binding_values(binding, outputs, secrets)
    user = next(one.name for one in deployed.blueprint.services.values() if name in one.needs)
    with open_host(known, instances(known, user)[0]) as host, _at(host, values, port) as here:
        near = {**values, "host": HERE, "port": str(here)}
        variables = {variable: fill(pattern, near, name) for variable, pattern in binding.env.items()}
        kind = deployed.blueprint.resources[name].type
        yield Way(known.state.deployment_id, name, kind, here, variables, near)


@contextlib.contextmanager
def _at(host: Host, values: Mapping[str, str], port: int) -> Iterator[int]:
    try:
        with listening(host, values["host"], int(values["port"]), at=port) as here:
            yield here
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise HiveMindError(
            f"cannot listen on port {port}: {os.strerror(error.errno)}",
            hint="Name another port, or none: then a free one is used.",
        ) from None


def _meant(deployed: Deployed, resource: str | None) -> str:
    """The resource that is meant. Raises HiveMindError."""
    needed = {need for service in deployed.blueprint.services.values() for need in service.needs}
    reached = sorted(name for name, binding in deployed.bindings.items() if {"host", "port"} <= binding.outputs.keys())
    usable = [name for name in reached if name in needed]
    if resource is None and len(usable) == 1:
        return usable[0]
    known = (
        f"Resources: {listed(usable)}." if usable else "The blueprint has no database or cache that a service needs."
    )
    if resource is None:
        raise HiveMindError("say which resource", hint=known, exit_code=ExitCode.USAGE)
    if resource in usable:
        return resource
    if resource in reached:
        raise HiveMindError(
            f"no service needs {resource}, so no instance is let in",
            hint=f"Add `needs: [{resource}]` to a service, and apply.",
            exit_code=ExitCode.NOT_FOUND,
        )
    hint = did_you_mean(resource, usable) or known
    raise HiveMindError(f"no resource {resource} that listens on a port", hint=hint, exit_code=ExitCode.NOT_FOUND)
