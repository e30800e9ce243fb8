"""What a release is made of, known before anything is built: a plan compares it with what is released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.builds.sources import NOBODY, digest_of, inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.repositories.repository import Repository
    from hivemind.template.fragment import Binding
    from hivemind.values.artifact import Platform, Provenance


@dataclass(frozen=True)
class ReleaseSource:
    """digest: sha256 hex over what is packed and what the application finds in its environment, secrets by
    reference. provenance: of the packed sources alone. parts: part in words -> digest, all that `digest` covers.
    builders: the plugins that may build it, as BuildPlace has them."""

    digest: str
    provenance: Provenance
    parts: Mapping[str, str]
    builders: Mapping[str, str] = field(default_factory=lambda: NOBODY)


def release_sources(
    blueprint: Blueprint,
    repository: Repository,
    bindings: Mapping[str, Binding],
    platform: Callable[[str, str], Platform],
    builders: Callable[[Service], Mapping[str, str]] = lambda _: NOBODY,
) -> Mapping[str, ReleaseSource]:
    """Service -> what its release is made of.

    bindings: by resource name. platform: of an operating system and a size. builders: the plugins that may build a
    service, as BuildPlace has them.
    """
    return {
        name: _source(service, repository, bindings, platform(service.os, service.size), builders(service))
        for name, service in sorted(blueprint.services.items())
    }


def _source(
    service: Service,
    repository: Repository,
    bindings: Mapping[str, Binding],
    platform: Platform,
    builders: Mapping[str, str],
) -> ReleaseSource:
    """What a build reads, with the environment and the port as they are installed in place of those that the build
    command finds: these follow from them."""
    built = inputs(service, repository, platform, builders)
    installed = {
        "environment": [
            dict(service.env),
            {name: str(reference) for name, reference in service.secrets.items()},
            {need: dict(bindings[need].env) if need in bindings else None for need in service.needs},
        ],
        "port": service.port,
    }
    if service.data:  # where there is none, what is released stays as it is
        installed["data"] = list(service.data)
    if service.jobs:
        installed["jobs"] = [[job.name, job.schedule, job.start, job.timeout] for job in service.jobs]
    parts = {**built.parts, **{name: digest_of(part) for name, part in installed.items()}}
    return ReleaseSource(digest_of(parts), built.provenance, MappingProxyType(parts), builders)
