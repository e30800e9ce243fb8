"""Waits until a started service stays up, and says why it does not."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from hivemind.hosts.onhost.report import InstallError
from hivemind.hosts.onhost.services import Supervised, Systemd

LISTENING = "0A"
SETTLE = 2.0
"""Seconds for which a service without a port must run."""
EVIDENCE = 30
"""Lines of the log that go with a failure."""


def wait(service: Systemd | Supervised, port: int | None, timeout: float) -> float:
    """Returns the seconds it took; raises InstallError with the last log lines.

    port: TCP port that must be bound, None: the service must just stay up. timeout: seconds.
    """
    began = time.monotonic()
    pause = 0.05
    while True:
        state = service.state()
        passed = time.monotonic() - began
        if state.restarts >= 2 or state.word in ("failed", "stopped"):
            raise InstallError("the application ends again right after its start", service.lines(EVIDENCE))
        running = state.word == "running"
        if running and (is_bound(port) if port is not None else passed >= SETTLE and state.restarts == 0):
            return passed
        if passed >= timeout:
            raise InstallError(_why(port, timeout), service.lines(EVIDENCE))
        time.sleep(pause)
        pause = min(0.5, pause * 1.3)


def wait_until_free(port: int, timeout: float = 3.0) -> None:
    """Returns when nothing is bound to a port any more; raises InstallError when something stays."""
    deadline = time.monotonic() + timeout
    while is_bound(port):
        if time.monotonic() > deadline:
            raise InstallError(f"port {port} is bound by another process of this instance")
        time.sleep(0.05)


def _why(port: int | None, timeout: float) -> str:
    if port is None:
        return f"the application did not stay up for {SETTLE:g} s within {timeout:g} s"
    others = sorted(listening() - {22})
    hint = f"; ports that are bound: {', '.join(map(str, others))}" if others else ""
    return f"the application did not bind port {port} within {timeout:g} s{hint}"


def is_bound(port: int) -> bool:
    """Whether something on this system listens on a TCP port."""
    if Path("/proc/net/tcp").exists():
        return port in listening()
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listening() -> set[int]:
    """TCP ports that are listened on, in this network namespace."""
    ports = set()
    for name in ("tcp", "tcp6"):
        try:
            rows = Path("/proc/net", name).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if len(fields) > 3 and fields[3] == LISTENING:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports
