"""Waits until a started service stays up, and says why it does not."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple

from hivemind.hosts.onhost import evidence
from hivemind.hosts.onhost.layout import is_prefixed
from hivemind.hosts.onhost.report import InstallError
from hivemind.hosts.onhost.services import Supervised, Systemd

LISTENING = "0A"
SETTLE = 2.0
"""Seconds for which a service without a port must run."""
LOOPBACK_GRACE = 3.0
"""Seconds for a service that listens on loopback to listen for others as well."""
_KEY = " (`timeouts: {start: SECONDS}` of the service)"
"""Where the limit stands in hivemind.yaml."""
EVIDENCE = 30
"""Lines of the log that go with a failure."""


class Up(NamedTuple):
    """A service that is up. seconds: until it was. port: that it bound, None for one without."""

    seconds: float
    port: int | None


def wait(
    service: Systemd | Supervised,
    ports: tuple[int, ...],
    timeout: float,
    others: frozenset[int] = frozenset(),
    since: float | None = None,
) -> Up:
    """Returns when the service is up; raises InstallError with the last log lines of this start.

    ports: TCP ports of which one must be bound; none: the service must just stay up. timeout: seconds. others: ports
    that were bound before the service was started, and so are not its own. since: seconds of the Unix epoch; what was
    logged before is another release's.
    """
    began = time.monotonic()
    pause, ending = 0.05, ""
    while True:
        state = service.state()
        ending = state.ending or ending
        passed = time.monotonic() - began
        ended_twice = state.restarts >= 1 and state.word == "restarting"
        if ended_twice or state.restarts >= 2 or state.word in ("failed", "stopped"):
            words = f"the application ends right after its start{_how(ending)}"
            raise InstallError(words, _evidence(service, since))
        if state.word == "running":
            bound = next((port for port in ports if is_bound(port)), None)
            if bound is not None and not is_prefixed() and is_loopback_only(bound):
                if passed >= LOOPBACK_GRACE:
                    raise InstallError(_alone(bound), _evidence(service, since))
            elif bound is not None or (not ports and passed >= SETTLE and state.restarts == 0):
                return Up(passed, bound)
        if passed >= timeout:
            raise InstallError(_why(ports, timeout, others), _evidence(service, since))
        time.sleep(pause)
        pause = min(0.5, pause * 1.3)


def _how(ending: str) -> str:
    """What an end says about its cause, a clause."""
    if ending == "exit code 0":
        return " with exit code 0; a start command must go on running, not start something and end"
    if ending == "signal SIGKILL":
        return f", by {ending}, which the system sends when memory runs out"
    return f", by {ending}" if ending.startswith("signal") else f" with {ending}" if ending else ""


def _evidence(service: Systemd | Supervised, since: float | None) -> list[str]:
    return evidence.telling(service.lines(evidence.LOOKED_AT, since=since), EVIDENCE)


def _alone(port: int) -> str:
    return (
        f"the application listens on 127.0.0.1:{port} only, where the load balancer cannot reach it; "
        "let it listen on 0.0.0.0"
    )


def free(ports: tuple[int, ...], timeout: float = 3.0) -> tuple[int, ...]:
    """The ports that nothing is bound to. Raises InstallError when that does not come true of the first.

    timeout: seconds, for the processes that were just told to end.
    """
    deadline = time.monotonic() + timeout
    while ports and is_bound(ports[0]):
        if time.monotonic() > deadline:
            raise InstallError(f"another process of this instance uses port {ports[0]}")
        time.sleep(0.05)
    return tuple(port for port in ports if not is_bound(port))


def _why(ports: tuple[int, ...], timeout: float, others: frozenset[int]) -> str:
    if not ports:
        return f"the application did not run for {SETTLE:g} s within {timeout:g} s{_KEY}"
    bound = sorted(listening() - others)
    hint = f"; it listens on {', '.join(map(str, bound))}" if bound else ""
    return f"the application did not listen on port {ports[0]} within {timeout:g} s{_KEY}{hint}"


def is_bound(port: int) -> bool:
    """Whether something on this system listens on a TCP port."""
    if Path("/proc/net/tcp").exists():
        return port in listening()
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_loopback_only(port: int) -> bool:
    """Whether all that listen on a TCP port do so on loopback; False where this can't be known."""
    addresses = {address for address, bound in _listeners() if bound == port}
    return bool(addresses) and all(_is_loopback(address) for address in addresses)


def _is_loopback(address: str) -> bool:
    """address: as /proc/net/tcp has it, hexadecimal words of 32 bits in the byte order of the machine."""
    if len(address) == 8:
        return address.endswith("7F") if sys.byteorder == "little" else address.startswith("7F")
    if address[:24] in (f"{'0' * 16}FFFF0000", f"{'0' * 16}0000FFFF"):  # IPv4 in IPv6
        return _is_loopback(address[24:])
    return address == "0" * 24 + ("01000000" if sys.byteorder == "little" else "00000001")


def listening() -> set[int]:
    """TCP ports that are listened on, in this network namespace."""
    return {port for _, port in _listeners()}


def _listeners() -> set[tuple[str, int]]:
    """(address, port) of every listening TCP socket in this network namespace."""
    found = set()
    for name in ("tcp", "tcp6"):
        try:
            rows = Path("/proc/net", name).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if len(fields) > 3 and fields[3] == LISTENING:
                address, _, port = fields[1].rpartition(":")
                found.add((address, int(port, 16)))
    return found
