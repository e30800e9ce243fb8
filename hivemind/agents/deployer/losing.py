"""What a release would lose: data that an application writes beside its code, where each release has a new folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hivemind.repositories.data_beside import Beside, beside, in_temporary
from hivemind.values.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Service
    from hivemind.repositories.repository import Repository

DATABASES = frozenset({"postgres", "mysql", "mariadb"})
_MOST = 3
"""Findings of a service."""


def losing(blueprint: Blueprint, repository: Repository) -> Iterator[Finding]:
    """H307 where a service that is released keeps data beside its code, and nothing says that it lasts.

    A service that needs a database is not asked about SQLite: applications fall back to that where no address is given.
    """
    for service in blueprint.services.values():
        types = {blueprint.resources[need].type for need in service.needs if need in blueprint.resources}
        temporary = next(in_temporary(repository, service.path), None) if not types & DATABASES else None
        if temporary:
            yield _in_temporary(service, temporary)
        found = 0
        for place in beside(repository, service.path, with_database=bool(types & DATABASES)):
            lasts = any(PurePosixPath(place.name).is_relative_to(PurePosixPath(kept)) for kept in service.data)
            if not lasts and found < _MOST:
                found += 1
                yield _finding(service, place.file, place.line, place.name)


def _in_temporary(service: Service, place: Beside) -> Finding:
    name = place.name.rpartition("/")[2]
    return Finding(
        "H307",
        Severity.WARNING,
        f"the application keeps its data in /{place.name.lstrip('/')}, and a service's /tmp is empty at each start",
        Place(place.file, place.line),
        f"Let it keep {name} beside the code, or in a folder that a variable names, and write `data: [{name}]` in "
        f"services.{service.name}.",
        path=f"services.{service.name}.data",
    )


def _finding(service: Service, path: str, line: int, name: str) -> Finding:
    data = ", ".join([*service.data, name])
    return Finding(
        "H307",
        Severity.WARNING,
        f"the application keeps {name} beside its code: each release has a new folder, and begins without it",
        Place(path, line),
        f"If it holds data, write `data: [{data}]` in services.{service.name}, or use a database or a bucket.",
        path=f"services.{service.name}.data",
    )
