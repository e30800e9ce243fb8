"""The parts of a release, each with a digest of its own: so that a plan can say which of them changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hivemind.agents.compiler.sources import digests, gather

if TYPE_CHECKING:
    from hivemind.artifact import Platform
    from hivemind.blueprint.model import Service
    from hivemind.repository import Repository
    from hivemind.template.fragment import Binding


def release_parts(
    service: Service, repository: Repository, bindings: Mapping[str, Binding], platform: Platform
) -> Mapping[str, str]:
    """Part, in words -> sha256 hex over it. Reads every packed file.

    bindings: by resource name. Raises OSError where a file vanishes meanwhile.
    """
    parts: Mapping[str, Any] = {
        "sources": list(digests(repository.root / service.path, gather(service, repository).files)),
        "environment": [
            dict(service.env),
            {name: str(reference) for name, reference in service.secrets.items()},
            {need: dict(bindings[need].env) for need in service.needs if need in bindings},
        ],
        "runtime": service.runtime,
        "install command": service.install,
        "build command": service.build,
        "start command": service.start,
        "release command": service.release,
        "port": service.port,
        "kind": [service.kind.value if service.kind else None, service.static_dir],
        "routes": sorted(route.path or "" for route in service.routes),
        "instances' system": [platform.os, platform.machine, platform.glibc],
        "programs of the instances": [platform.python, platform.node, _runtimes(service, platform)],
    }
    return {name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest() for name, part in parts.items()}


def _runtimes(service: Service, platform: Platform) -> Any:
    return platform.runtimes.get((service.runtime or "").split(" ")[0])
