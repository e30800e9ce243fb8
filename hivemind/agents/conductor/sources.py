"""What a release is made of, known before anything is built: a plan compares it with what is released."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.agents.compiler.sources import source_digest
from hivemind.agents.conductor.parts import release_parts
from hivemind.template.fragment import EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from hivemind.artifact import Platform, Provenance
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.repository import Repository
    from hivemind.template.fragment import Binding


@dataclass(frozen=True)
class ReleaseSource:
    """digest: sha256 hex over what is packed and what the application finds in its environment, secrets by
    reference. provenance: of the packed sources alone. parts: part in words -> digest, where something changed."""

    digest: str
    provenance: Provenance
    parts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def release_sources(
    blueprint: Blueprint,
    repository: Repository,
    bindings: Mapping[str, Binding],
    platform: Callable[[str, str], Platform],
    *,
    released: Mapping[str, str] = EMPTY,
) -> Mapping[str, ReleaseSource]:
    """Service -> what its release is made of.

    bindings: by resource name. platform: of an operating system and a size. released: service -> digest of what is
    released; what differs from it is told by its parts, too.
    """
    found = {}
    for name, service in sorted(blueprint.services.items()):
        target = platform(service.os, service.size)
        source = _source(service, source_digest(service, repository, target), bindings)
        if released.get(name) != source.digest:
            source = replace(source, parts=release_parts(service, repository, bindings, target))
        found[name] = source
    return found


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
