"""What runs a service on an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.hosts import remote
from hivemind.releases.release import ProcessState

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host


def process_state(host: Host, service: str) -> ProcessState:
    """As the installer on the instance says. Raises StageError(deploy)."""
    known = remote.status(host, service)
    uptime = known.get("uptime")
    return ProcessState(
        host.instance_id,
        str(known.get("state", "stopped")),
        float(uptime) if isinstance(uptime, int | float) else None,
        int(known.get("restarts") or 0),
    )
