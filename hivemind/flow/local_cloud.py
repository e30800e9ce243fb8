"""The local cloud itself, for a face that starts, stops, looks at or resets it and puts faults into it."""

from __future__ import annotations

from pathlib import Path

from hivemind.local.faults import Fault, FaultKind
from hivemind.local.lifecycle import RESTART, Running, stop
from hivemind.local.lifecycle import reset as reset_local_cloud
from hivemind.local.lifecycle import start as start_local_cloud
from hivemind.local.lifecycle import status as find_local_cloud
from hivemind.machine.home import local_cloud as local_cloud_folder
from hivemind.values.errors import CloudUnreachable

__all__ = [
    "RESTART",
    "Fault",
    "FaultKind",
    "Running",
    "find_local_cloud",
    "local_authority",
    "local_cloud_folder",
    "require_local_cloud",
    "reset_local_cloud",
    "start_local_cloud",
    "stop_local_cloud",
]


def local_authority() -> Path:
    """The file with the certificate of the local cloud's authority (PEM), which is made at the first call."""
    from hivemind.local.authority import folder
    from hivemind.local.certificates import authority

    return authority(folder(local_cloud_folder()))


def stop_local_cloud() -> bool:
    """Stops the local cloud, and the lint worker: whoever stops the one wants nothing of ours to run.

    Returns whether it ran.
    """
    from hivemind.lint import stop_worker

    stopped = stop()
    stop_worker()
    return stopped


def require_local_cloud() -> Running:
    """The local cloud that runs. Raises CloudUnreachable where there is none."""
    found = find_local_cloud()
    if found is None:
        raise CloudUnreachable("the local cloud is not running", hint="Start it: hivemind local start")
    return found
