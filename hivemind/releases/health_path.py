"""Which path the load balancer should probe: asked of the application itself, on its instance."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from hivemind.hosts.bridge import bridge

if TYPE_CHECKING:
    from hivemind.blueprint.model import Health
    from hivemind.hosts.ssh import Host

USUAL = "/health"
FALLBACK = "/"
ASKED = (USUAL, FALLBACK)
"""The paths that asking an application comes to."""
NOWHERE = "/hivemind-asks-for-a-page-that-is-not-there"
"""What an application answers only if it answers everything."""


def choose_health_path(host: Host, port: int, known: str | None, *, timeout: float = 5.0) -> str:
    """The blueprint's or Recon's path (`known`), else `/health` where the application answers it with 2xx, and does not
    answer a path that nobody has made in the same way; else `/`. A page for every path, or a redirect to a login, says
    nothing of the application's health, and is gone with the next release.

    port: of the application, which must be running. timeout: seconds.
    """
    if known is not None:
        return known
    bound = host.bound.get(port, port)
    return USUAL if _is_good(host, bound, USUAL, timeout) and not _is_good(host, bound, NOWHERE, timeout) else FALLBACK


def _is_good(host: Host, port: int, path: str, timeout: float) -> bool:
    status = _status(host, port, path, timeout)
    return status is not None and 200 <= status < 300


def answers(host: Host, port: int, health: Health, *, timeout: float = 5.0) -> str | None:
    """What is wrong with the application's answer to a health check, asked on its own instance; None: it is good.

    The load balancer goes on counting an instance as healthy for some checks after its application changed. port: of
    the application. timeout: seconds.
    """
    status = _status(host, host.bound.get(port, port), health.path or FALLBACK, timeout)
    if status is None:
        return "no answer to the health check"
    return None if _matches(health.matcher, status) else f"the health check is answered with {status}"


def _matches(matcher: str, status: int) -> bool:
    parts = (part.strip().partition("-") for part in matcher.split(","))
    return any(int(first) <= status <= int(last or first) for first, _, last in parts)


def _status(host: Host, port: int, path: str, timeout: float) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        with bridge(host, "127.0.0.1", port, timeout=timeout) as sock:
            connection.sock = sock
            connection.request("GET", path, headers={"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"})
            return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
