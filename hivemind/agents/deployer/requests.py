"""What the installer is asked for: with the values of secrets, or with marks in their place for who fills them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hivemind.releases.api_access import api_environment
from hivemind.releases.application_environment import install_requests
from hivemind.releases.secret_values import SecretValues, marks, secret_values

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.deploy.stack import StackResult
    from hivemind.hosts.onhost.request import Request
    from hivemind.steps.run import Apply
    from hivemind.values.artifact import Artifact
    from hivemind.values.cloud import Cloud


def request(run: Apply, service: Service, cloud: Cloud, stack: StackResult, artifact: Artifact) -> Request:
    """With the values that the secrets have now. Raises StageError(deploy) for one that can't be read."""
    values = secret_values(cloud, run.blueprint, run.assembly.bindings, stack.outputs, services=[service.name])
    return _request(run, service, cloud, stack, artifact, values)


def marked_request(
    run: Apply, service: Service, cloud: Cloud, stack: StackResult, artifact: Artifact
) -> tuple[Request, Mapping[str, Mapping[str, str | None]]]:
    """With marks in place of secrets, and what each stands for."""
    values, sources = marks(run.blueprint, run.assembly.bindings, stack.outputs, service.name)
    return _request(run, service, cloud, stack, artifact, values), sources


def _request(  # noqa: PLR0917 - each is something of its own
    run: Apply, service: Service, cloud: Cloud, stack: StackResult, artifact: Artifact, values: SecretValues
) -> Request:
    bindings = run.assembly.bindings
    return install_requests(
        run.blueprint,
        {service.name: artifact},
        bindings,
        stack.outputs,
        values,
        revision=run.revision,
        platforms={service.os: cloud.platform(service.os, service.size)},
        api={service.name: api_environment(cloud, run.blueprint, service.name, bindings)},
    )[service.name]
