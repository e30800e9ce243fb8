"""Runs a unit where systemd does not: starts, restarts, logs and stops one service."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from hivemind.hosts.onhost import accounts, environment_file
from hivemind.hosts.onhost.layout import Layout, is_prefixed, write_atomically
from hivemind.hosts.onhost.logfile import LogFile
from hivemind.hosts.onhost.services import signal_name
from hivemind.hosts.onhost.unit import Unit, parse

LOW_PORTS = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
"""The first port of this network namespace that any program may bind."""
STEADY = 10.0
"""Seconds after which a start counts as good, so that the next failure is again the first."""


class Supervisor:
    """One service's supervisor; `run` returns when it was told to stop or gives up."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._unit: Unit = parse(layout.unit.read_text())
        self._log = LogFile(layout.log)
        self._state = layout.run / f"{layout.service}.json"
        self._stopping = False
        self._restarts = 0
        self._ending = ""
        self._starts: list[float] = []
        self._wake_read, self._wake_write = socket.socketpair()

    def run(self) -> int:
        """Keeps the service running. Returns 0 when told to stop, 1 when it gave up."""
        self._listen_for_signals()
        failures = 0
        while not self._stopping:
            if self._limit_reached():
                self._log.say("too many restarts, giving up")
                self._record("failed", None)
                return 1
            began = time.monotonic()
            code = self._run_once()
            if self._stopping:
                break
            self._ending = ending_of(code)
            self._log.say(f"the application ended with {self._ending}")
            if self._unit.restart == "no" or (self._unit.restart == "on-failure" and code == 0):
                self._record("failed" if code else "stopped", None)
                return 0
            failures = 1 if time.monotonic() - began > STEADY else failures + 1
            self._restarts += 1
            self._record("restarting", None)
            self._pause(self._unit.delay(failures))
        self._record("stopped", None)
        return 0

    def _listen_for_signals(self) -> None:
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        # Handlers, not SIG_IGN: what is ignored would be inherited by the application.
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, lambda *_: None)

    def _stop(self) -> None:
        self._stopping = True

    def _limit_reached(self) -> bool:
        if self._unit.limit_interval <= 0:
            return False
        now = time.monotonic()
        self._starts = [start for start in self._starts if now - start < self._unit.limit_interval]
        self._starts.append(now)
        return len(self._starts) > self._unit.limit_burst

    def _run_once(self) -> int:
        try:
            process = self._spawn()
        except OSError as error:
            self._log.say(f"could not start: {error}")
            return 127
        self._record("running", process.pid)
        output = process.stdout
        assert output is not None
        os.set_blocking(output.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while process.poll() is None and not self._is_to_end():
                selector.select(self._longest_look())
                self._drain(output.fileno(), selector)
            if self._is_to_end():
                self._record("stopping", process.pid)
            self._end_group(process, output.fileno(), selector)
            self._drain(output.fileno(), selector)
        output.close()
        self._log.end()
        return process.returncode

    def _is_to_end(self) -> bool:
        """Whether what runs is ended now."""
        return self._stopping

    def _longest_look(self) -> float | None:
        """Seconds until that must be asked again, None: only after a signal."""
        return None

    def _spawn(self) -> subprocess.Popen[bytes]:
        unit = self._unit
        variables = {"PATH": os.defpath, **unit.environment}
        for name in unit.environment_files:
            variables.update(environment_file.parse(Path(name.lstrip("-")).read_text(encoding="utf-8")))
        account = accounts.find(unit.user) if unit.user else None
        if unit.binds_low_ports and not is_prefixed():
            # Of this instance's network namespace alone (ip(7), ip_unprivileged_port_start). Where that is not allowed,
            # the application says that it could not bind.
            with contextlib.suppress(OSError):
                LOW_PORTS.write_text("0")
        return subprocess.Popen(
            unit.arguments,
            cwd=unit.working_directory,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o027,
            **(account.spawn_arguments() if account else {}),
        )

    def _drain(self, descriptor: int, selector: selectors.BaseSelector) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_read.recv(4096)
        for _ in range(64):
            try:
                data = os.read(descriptor, 65536)
            except BlockingIOError:
                return
            if not data:
                with contextlib.suppress(KeyError):
                    selector.unregister(descriptor)
                return
            self._log.feed(data)

    def _end_group(self, process: subprocess.Popen[bytes], descriptor: int, selector: selectors.BaseSelector) -> None:
        """Ends all processes of the service: its stop signal, and SIGKILL after the time-out."""
        deadline = time.monotonic() + self._unit.stop_timeout
        _signal_group(process.pid, getattr(signal, self._unit.stop_signal, signal.SIGTERM))
        while _group_lives(process) and time.monotonic() < deadline:
            selector.select(0.05)
            self._drain(descriptor, selector)
        if _group_lives(process):
            self._log.say(f"did not end within {self._unit.stop_timeout:g} s, killed")
            _signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def _pause(self, duration: float) -> None:
        deadline = time.monotonic() + duration
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            while not self._stopping and (left := deadline - time.monotonic()) > 0:
                selector.select(left)
                with contextlib.suppress(BlockingIOError):
                    self._wake_read.recv(4096)

    def _record(self, state: str, pid: int | None) -> None:
        entry: dict[str, Any] = {
            "state": state,
            "pid": pid,
            "supervisor": os.getpid(),
            "restarts": self._restarts,
            "since": time.time(),
            "ending": self._ending,
        }
        write_atomically(self._state, json.dumps(entry))


def ending_of(code: int) -> str:
    """An exit code of subprocess in words."""
    return f"exit code {code}" if code >= 0 else signal_name(-code)


def _signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is None:
        return True
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
