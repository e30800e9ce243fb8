"""How an earlier release becomes current on an instance: it is there still, or it is installed from the bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.hosts import remote

if TYPE_CHECKING:
    from hivemind.flow.face import ProposedReturn
    from hivemind.hosts.ssh import Host
    from hivemind.releases.kept_requests import KeptRequest
    from hivemind.values.cloud import Cloud

PATIENCE = 300.0
"""Seconds for a release that ran before to be up again."""


def acts(
    cloud: Cloud, proposed: ProposedReturn, stored: Mapping[str, KeptRequest], folder: Path
) -> Mapping[str, Callable[[Host], None]]:
    """Service -> what makes its release current on one of its instances. folder: for archives, as long as that is
    called. Raises StageError(deploy) for a secret that can't be read, CloudCallFailed."""
    found: dict[str, Callable[[Host], None]] = {}
    for service in proposed.services:
        name = service.service
        if service.installs:
            (folder / name).mkdir()
            found[name] = _installing(cloud, stored[name], folder / name)
        else:
            found[name] = partial(make_current, name, service.releases)
    return found


def make_current(service: str, releases: Mapping[str, str], host: Host) -> None:
    """releases: instance id -> the one of the releases that the instance keeps. Raises StageError(deploy)."""
    remote.rollback(host, service, releases[host.instance_id], timeout=PATIENCE)


def _installing(cloud: Cloud, stored: KeptRequest, folder: Path) -> Callable[[Host], None]:
    request = stored.with_secrets(cloud)
    archive, layers, keys = stored.fetched(cloud, folder)

    def install(host: Host) -> None:
        # Jobs stay where they are: the instance that has them goes on having them.
        jobs = request.jobs if remote.jobs(host, request.service) else ()
        remote.install(
            host,
            archive,
            replace(request, jobs=jobs),
            layers=layers,
            address=lambda path: cloud.download_url(stored.bucket, keys[path]),
        )

    return install
