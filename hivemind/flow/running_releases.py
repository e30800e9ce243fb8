"""What runs on the instances of a deployment, asked on each over SSH: what neither its stack nor its tags tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.values.errors import HiveMindError

if TYPE_CHECKING:
    from hivemind.deploy.state import DeploymentState
    from hivemind.flow.deployments import Known
    from hivemind.flow.instances import Chosen

DEADLINE = 15.0
"""Seconds for an instance to be reached."""
_RELEASE = re.compile(r"r(\d+)-[0-9a-f]+")
"""A release's name, by the revision that first had it (`releases/application_environment.py`)."""


@dataclass(frozen=True)
class RunningRelease:
    """release: that is current on an instance, None where none is, or nobody knows. digest: of its artifact. trouble:
    why the instance could not be asked."""

    service: str
    instance: str
    release: str | None = None
    digest: str | None = None
    trouble: str | None = None

    @property
    def revision(self) -> int:
        """The number of the revision that the release was made in; 0 where nobody knows."""
        named = _RELEASE.fullmatch(self.release or "")
        return int(named[1]) if named else 0


def running_releases(known: Known) -> tuple[RunningRelease, ...]:
    """What every running instance says, all asked at once. One that can't be asked is no error."""
    from hivemind.flow.instances import instances
    from hivemind.hosts import pool

    try:
        chosen = instances(known, None)
    except HiveMindError:  # there are none
        return ()
    return tuple(pool.results(pool.on_each(chosen, lambda one: _asked(known, one))))


def with_running(state: DeploymentState, running: Iterable[RunningRelease]) -> DeploymentState:
    """A state that was made from the stack, with what its instances say. Pure.

    An apply that changes no resource leaves its number on the instances alone; an artifact is that of a service where
    all of its instances have it.
    """
    found = list(running)
    number = max((one.revision for one in found), default=0)
    by_service: dict[str, set[str | None]] = {}
    for one in found:
        by_service.setdefault(one.service, set()).add(one.digest)
    alike: Mapping[str, str] = MappingProxyType(
        {name: digest for name, (digest, *others) in by_service.items() if digest is not None and not others}
    )
    if not state.revisions:
        return replace(state, artifacts=alike)
    *before, last = state.revisions
    last = replace(last, number=max(last.number, number), artifacts=alike)
    return replace(state, artifacts=alike, revisions=(*before, last))


def _asked(known: Known, chosen: Chosen) -> RunningRelease:
    from hivemind.flow.instances import open_host
    from hivemind.hosts import remote

    try:
        with open_host(known, chosen, deadline=DEADLINE) as host:
            said = remote.status(host, chosen.service)
    except (HiveMindError, OSError) as error:
        return RunningRelease(chosen.service, chosen.instance, trouble=str(error))
    current, digest = said.get("current"), said.get("digest")
    return RunningRelease(
        chosen.service,
        chosen.instance,
        str(current) if current else None,
        str(digest) if current and digest else None,
    )
