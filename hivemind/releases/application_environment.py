"""What an application finds in its environment, and the requests for the installer that carry it.

Precedence, highest first: the service's `secrets`, its `env`, the bindings of what it needs (in the order of
`needs`), what calls AWS (`api_access.py`), what clients of its runtime want to reach them, what the runtime itself
wants (Artifact.env). `PORT` is the service's port unless one of those sets it. A value under `env` may refer to
variables of bindings, `$PGHOST`:
applications that have names of their own for them. `$$` is a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.blueprint.references import filled, referred
from hivemind.hosts.onhost.request import ClockedJob, Request
from hivemind.releases.api_access import API_KEYS, NOTHING
from hivemind.releases.bindings import PLACEHOLDER, binding_values, fill

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.releases.secret_values import SecretValues
    from hivemind.template.fragment import Binding
    from hivemind.values.artifact import Artifact, Platform

_NODE_TLS = {"PGSSLMODE": "no-verify", "PGSSL": "require"}
"""What node-postgres and Postgres.js encrypt by, as other clients do unasked: RDS refuses those who come without from
PostgreSQL 15 on. To verify its certificate they would need Amazon's authority."""
KEEP = 5
"""Releases that stay on an instance."""


@dataclass(frozen=True)
class ServiceEnvironment:
    """variables: the whole environment. hidden: names of those that hold a secret."""

    variables: Mapping[str, str] = field(repr=False)
    hidden: tuple[str, ...]


def service_environment(  # noqa: PLR0917 - each is something of its own
    service: Service,
    artifact: Artifact,
    bindings: Mapping[str, Binding],
    outputs: Mapping[str, str],
    secrets: SecretValues,
    api: Mapping[str, str] = NOTHING,
) -> ServiceEnvironment:
    """A service's environment. bindings: by resource name. outputs: of the stack. api: of `api_environment`. Raises
    StageError(deploy) where an output is missing."""
    bound: dict[str, str] = {}
    hidden: set[str] = set()
    for need in service.needs:
        if need not in bindings:
            continue
        binding = bindings[need]
        values = binding_values(binding, outputs, secrets)
        for name, pattern in binding.env.items():
            if name in bound:
                continue
            bound[name] = fill(pattern, values, binding.resource)
            if any(placeholder in binding.secrets for placeholder in PLACEHOLDER.findall(pattern)):
                hidden.add(name)
    given = {name: secrets.of(reference) for name, reference in service.secrets.items()}
    hidden |= {*API_KEYS} & api.keys()
    own = filled(service.env, {**api, **bound})
    private = {name for name, value in service.env.items() if hidden & referred(value)}
    tls = _NODE_TLS if "PGHOST" in bound and artifact.runtime.startswith(("node", "bun", "deno")) else {}
    variables = {**artifact.env, **tls, **api, **bound, **own, **given}
    if service.is_web:
        variables.setdefault("PORT", str(service.listens_on))
    concealed = (hidden - set(service.env)) | private | set(service.secrets)
    return ServiceEnvironment(MappingProxyType(variables), tuple(sorted(concealed)))


def install_requests(
    blueprint: Blueprint,
    artifacts: Mapping[str, Artifact],
    bindings: Mapping[str, Binding],
    outputs: Mapping[str, str],
    secrets: SecretValues,
    *,
    revision: str,
    keep: int = KEEP,
    platforms: Mapping[str, Platform] | None = None,
    api: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Mapping[str, Request]:
    """Service -> request, for each service that has an artifact.

    revision: `r12`, the first part of the release's id. platforms: operating system -> platform, whose
    interpreters are tried first. api: service -> what it finds to call AWS (`api_environment`). The requests have no
    release command: see `with_release_command`. They have the service's jobs, which one instance alone must get.
    """
    requests = {}
    for name, artifact in sorted(artifacts.items()):
        service = blueprint.services[name]
        environment = service_environment(service, artifact, bindings, outputs, secrets, api.get(name, NOTHING))
        version = _python(artifact.runtime)
        platform = (platforms or {}).get(service.os)
        commands = platform.python if platform else ()
        port = int(environment.variables["PORT"]) if environment.variables.get("PORT", "").isdigit() else None
        requests[name] = Request(
            service=name,
            release=f"{revision}-{artifact.digest[:12]}",
            artifact="",
            digest=artifact.digest,
            start=artifact.start,
            env=dict(environment.variables),
            hidden=environment.hidden,
            port=port if service.is_web else None,
            keep=keep,
            python=version,
            interpreters=tuple(command for minor, command in commands if minor == version),
            ready_timeout=service.timeouts.start,
            release_timeout=service.timeouts.release,
            data=service.data,
            jobs=tuple(ClockedJob(job.name, job.schedule, job.start, job.timeout) for job in service.jobs),
        )
    return MappingProxyType(requests)


def with_release_command(request: Request, service: Service, artifact: Artifact) -> Request:
    """The request for the one instance that runs the release command (migrations), once a revision."""
    return replace(request, release_command=artifact.release or service.release)


def _python(runtime: str) -> str | None:
    found = re.fullmatch(r"python[ :]?(3\.\d+)(?:\.\d+)?", runtime.strip())
    return found[1] if found else None
