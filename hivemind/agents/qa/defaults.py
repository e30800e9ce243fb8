"""Checks that every release gets without a word in the blueprint."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hivemind.checks.kinds import AccessCheck, DatabaseCheck, HttpCheck, PingCheck, RunningCheck, TlsCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from hivemind.releases.release import Check, Release, ServiceRelease

SECONDS = 5.0
"""Longest answer of a service that counts as working."""
_OF_TYPE: dict[str, Callable[[str], Check]] = {
    "postgres": DatabaseCheck,
    "mysql": DatabaseCheck,
    "mariadb": DatabaseCheck,
    "redis": PingCheck,
}
"""Type of a resource -> the check that it lets a service in."""
_BY_API = frozenset({"bucket", "queue", "topic"})
"""Types of resources that services reach through AWS's API, with their role."""


def checks(release: Release) -> tuple[Check, ...]:
    """Each web service answers at its public address, each worker stays up, each database and cache lets services in,
    each bucket, queue and topic is there for every service that needs it, certificates hold."""
    found: list[Check] = [_answers(service) for service in release.web_services]
    found += [RunningCheck(one.name) for one in release.services if one.kind == "worker" and one.instances]
    found += [
        _OF_TYPE[kind](resource)
        for resource, kind in sorted(release.resources.items())
        if kind in _OF_TYPE and any(resource in service.needs and service.instances for service in release.services)
    ]
    found += [
        AccessCheck(release.resources[need], need, service.name)
        for service in release.services
        for need in sorted(service.needs)
        if release.resources.get(need) in _BY_API and service.instances
    ]
    certificates = {_certificate(service) for service in release.web_services}
    found += sorted((check for check in certificates if check), key=lambda check: check.name)
    return tuple(found)


def _answers(service: ServiceRelease) -> HttpCheck:
    prefix = service.path.rstrip("*").rstrip("/")
    health = service.health_path
    if not prefix:
        return HttpCheck(service.name, health or "/", under=SECONDS)
    if health and (health == prefix or health.startswith(prefix + "/")):
        return HttpCheck(service.name, health, under=SECONDS)
    # Its health path belongs to another service's route: it is behind the route itself that something must answer,
    # and most interfaces have nothing at their root.
    return HttpCheck(service.name, service.path.rstrip("*") or "/", under=SECONDS, refusing=True)


def _certificate(service: ServiceRelease) -> TlsCheck | None:
    address = urlsplit(service.url or "")
    if address.scheme != "https" or not address.hostname:
        return None
    port = address.port or 443
    connect = service.connect or (address.hostname, port)
    return TlsCheck(service.host or address.hostname, port, connect=connect, authorities=service.authorities)
