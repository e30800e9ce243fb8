"""Which path the load balancer should probe: asked of the application itself, on its instance."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from hivemind.hosts.bridge import bridge

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host

USUAL = "/health"
FALLBACK = "/"


def choose_health_path(host: Host, port: int, known: str | None, *, timeout: float = 5.0) -> str:
    """The blueprint's or Recon's path (`known`), else `/health` where the application answers it with 2xx or 3xx,
    else `/`.

    port: of the application, which must be running. timeout: seconds.
    """
    if known is not None:
        return known
    status = _status(host, host.bound.get(port, port), USUAL, timeout)
    return USUAL if status is not None and 200 <= status < 400 else FALLBACK


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
