"""What a release is made of, known before anything is built: a plan compares it with what is released."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.agents.compiler.sources import source_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hivemind.artifact import Platform, Provenance
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.repository import Repository
    from hivemind.template.fragment import Binding


@dataclass(frozen=True)
class ReleaseSource:
    """digest: sha256 hex over what is packed and what the application finds in its environment, secrets by
    reference. provenance: of the packed sources alone."""

    digest: str
    provenance: Provenance


def release_sources(
    blueprint: Blueprint,
    repository: Repository,
    bindings: Mapping[str, Binding],
    platform: Callable[[str, str], Platform],
) -> Mapping[str, ReleaseSource]:
    """Service -> what its release is made of.

    bindings: by resource name. platform: of an operating system and a size.
    """
    return {
        name: _source(service, source_digest(service, repository, platform(service.os, service.size)), bindings)
        for name, service in sorted(blueprint.services.items())
    }


def _source(service: Service, provenance: Provenance, bindings: Mapping[str, Binding]) -> ReleaseSource:
    settings = {
        "sources": provenance.digest,
        "port": service.port,
        "start": service.start,
        "release": service.release,
        "env": dict(service.env),
        "secrets": {name: str(reference) for name, reference in service.secrets.items()},
        "bindings": {need: dict(bindings[need].env) for need in service.needs if need in bindings},
    }
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    return ReleaseSource(digest, provenance)
