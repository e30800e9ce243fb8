"""The lease: one run at a time holds a deployment, from apply to verify.

The lease is a file with its holder's name, renewed by a heartbeat. It ends when the holder releases it,
when it is not renewed within its TTL, or at once when the holder is provably dead on this machine.
Every look at the file and every change of it happens under an exclusive `flock`.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from hivemind.deploy.files import locked, make_private, write_atomically
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls
from hivemind.values.errors import DeploymentLocked

TTL = 60.0
"""Seconds after which a lease that was not renewed is free."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lease. machine: of this boot and process namespace, `` where unknown. started: start
    time of the process as the system tells it, so that a reused pid is not taken for the holder.
    since, renewed: RFC 3339. nonce: of this very lease."""

    pid: int
    host: str
    machine: str
    started: str
    user: str
    command: str
    since: str
    renewed: str
    ttl: float
    nonce: str

    def __str__(self) -> str:
        return f"`{self.command}` by {self.user} on {self.host} (process {self.pid}) since {self.since}"


class Lease:
    """A held lease; release it, or use it as a context manager. `lost` is set when another run took over."""

    def __init__(self, folder: Path, holder: Holder, clock: Clock, *, taken_from: Holder | None) -> None:
        self._folder = folder
        self._holder = holder
        self._clock = clock
        self._ended = threading.Event()
        self.lost = threading.Event()
        self.taken_from = taken_from
        """The dead or expired holder before, if there was one: its attempt was interrupted."""
        self._heart = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
        self._heart.start()

    def check(self) -> None:
        """Raises DeploymentLocked when the lease is no longer ours; called before every effect."""
        if self.lost.is_set():
            raise DeploymentLocked("another run took over this deployment while this run did not respond")

    def renew(self) -> bool:
        """Writes a new heartbeat; False, and `lost` set, when the lease is no longer ours."""
        with _locked(self._folder):
            current = read_holder(self._folder)
            if current is None or current.nonce != self._holder.nonce:
                self.lost.set()
                return False
            _write(self._folder, {**asdict(self._holder), "renewed": _stamp(self._clock.now())})
            return True

    def release(self) -> None:
        """Ends the lease; harmless when it has ended already."""
        self._ended.set()
        if self._heart is not threading.current_thread():
            self._heart.join(timeout=5)
        if not self._folder.is_dir():
            return
        with _locked(self._folder):
            current = read_holder(self._folder)
            if current is not None and current.nonce == self._holder.nonce:
                (self._folder / "lease.json").unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._ended.wait(self._holder.ttl / 4):
            try:
                if not self.renew():
                    return
            except OSError:
                continue  # a full or absent disk for a moment; the TTL says when it is too long

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def acquire(
    folder: Path,
    *,
    command: str = "hivemind",
    ttl: float = TTL,
    wait: float = 0.0,
    on_wait: Callable[[Holder], None] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Lease:
    """The lease of the deployment whose state is in `folder`.

    ttl, wait: seconds; with wait 0 a held lease is refused at once. on_wait: told the holder once,
    when waiting begins. Raises DeploymentLocked.
    """
    make_private(folder)
    holder: Holder | None = None
    for passed in polls(clock, deadline=wait, first=0.2, most=1.0):
        lease, holder = _try(folder, command, ttl, clock)
        if lease is not None:
            return lease
        if passed == 0.0 and wait > 0 and on_wait is not None and holder is not None:
            on_wait(holder)
        if wait <= 0:
            break
    raise DeploymentLocked(
        f"this deployment is locked: {holder}",
        hint="Wait for it (`--wait SECONDS`), or end that run. The lock of a crashed run expires by itself.",
    )


def _try(folder: Path, command: str, ttl: float, clock: Clock) -> tuple[Lease | None, Holder | None]:
    with _locked(folder):
        current = read_holder(folder)
        if current is not None and not is_free(current, clock.now()):
            return None, current
        ours = ourselves(command, ttl, clock)
        _write(folder, asdict(ours))
    return Lease(folder, ours, clock, taken_from=current), None


def read_holder(folder: Path) -> Holder | None:
    """The holder written in a deployment's folder, dead or alive; None where there is none, or nothing readable."""
    try:
        return Holder(**json.loads((folder / "lease.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def break_lease(folder: Path, holder: Holder) -> bool:
    """Takes a deployment from a holder, dead or alive; one that is alive loses it at its next look. False where that
    very lease has ended already."""
    with _locked(folder):
        current = read_holder(folder)
        if current is None or current.nonce != holder.nonce:
            return False
        (folder / "lease.json").unlink(missing_ok=True)
        return True


def is_free(holder: Holder, now: datetime) -> bool:
    """Whether the holder's lease has ended: not renewed within its TTL, or its process provably gone."""
    if now - datetime.fromisoformat(holder.renewed) > timedelta(seconds=holder.ttl):
        return True
    if not holder.machine or holder.machine != this_machine():
        return False
    started = process_start(holder.pid)
    return started is None or started != holder.started


def this_machine() -> str:
    """This boot of this machine and process namespace; empty where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # Containers share the boot id with their host but not its process ids.
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return _output("sysctl", "-n", "kern.bootsessionuuid")


def process_start(pid: int) -> str | None:
    """When the process began, as the system writes it; None when there is no such process."""
    if not Path("/proc/self/stat").exists():
        return _output("ps", "-o", "lstart=", "-p", str(pid)) or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # A zombie has ended; only its parent has not looked yet.
    return None if fields[0] in {"Z", "X"} else fields[19]


def _output(*command: str) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def ourselves(command: str, ttl: float, clock: Clock) -> Holder:
    """This process as a holder. ttl: seconds."""
    pid = os.getpid()
    now = _stamp(clock.now())
    return Holder(
        pid=pid,
        host=socket.gethostname(),
        machine=this_machine(),
        started=process_start(pid) or "",
        user=_user(),
        command=command,
        since=now,
        renewed=now,
        ttl=ttl,
        nonce=secrets.token_hex(8),
    )


def who() -> str:
    """This person on this machine: `user@host`."""
    return f"{_user()}@{socket.gethostname()}"


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _stamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")


def _write(folder: Path, holder: Mapping[str, Any]) -> None:
    write_atomically(folder / "lease.json", json.dumps(holder, indent=1, sort_keys=True) + "\n")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with locked(folder / "lease.lock"):
        yield
