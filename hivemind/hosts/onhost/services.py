"""Starting, stopping and asking about a service: by systemd, or by our supervisor where it is not process 1."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from hivemind.hosts.onhost import logfile
from hivemind.hosts.onhost.layout import ALONE, ROOT_VARIABLE, Layout, has_systemd, is_prefixed, write_atomically
from hivemind.hosts.onhost.report import InstallError
from hivemind.hosts.onhost.unit import BACK_OFF_SINCE, parse

OUT_OF_MEMORY = "signal SIGKILL, because memory ran out"


class State(NamedTuple):
    """word: `running`, `restarting`, `stopped`, `failed` or `starting`. since: seconds of the Unix epoch.
    ending: of the last process, in words (`exit code 1`, `signal SIGKILL`); empty where none ended."""

    word: str
    pid: int | None = None
    restarts: int = 0
    since: float | None = None
    ending: str = ""


def backs_off() -> bool:
    """Whether what runs services here can wait longer before each start: our supervisor, and newer systemds."""
    if not has_systemd():
        return True
    found = re.match(r"systemd (\d+)", command("systemctl", "--version", check=False))
    return found is not None and int(found[1]) >= BACK_OFF_SINCE


class Systemd:
    """A service as a unit of systemd."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def install(self) -> None:
        """Takes notice of a changed unit file and of starting it at boot."""
        command("systemctl", "daemon-reload")
        command("systemctl", "enable", "--quiet", self._layout.unit_name)

    def start(self) -> None:
        # Clears the count of restarts, so that it tells about this start alone.
        command("systemctl", "reset-failed", self._layout.unit_name, check=False)
        command("systemctl", "start", self._layout.unit_name)

    def stop(self) -> None:
        """Ends the service; none is fine."""
        command("systemctl", "stop", self._layout.unit_name, check=self._layout.unit.exists())

    def remove(self) -> None:
        command("systemctl", "disable", "--quiet", "--now", self._layout.unit_name, check=False)
        self._layout.unit.unlink(missing_ok=True)
        command("systemctl", "daemon-reload")

    def state(self) -> State:
        answer = command(
            "systemctl",
            "show",
            "-p",
            "ActiveState,MainPID,NRestarts,ActiveEnterTimestampMonotonic,Result,ExecMainCode,ExecMainStatus",
            self._layout.unit_name,
        )
        values = dict(line.partition("=")[::2] for line in answer.splitlines())
        words = {"active": "running", "activating": "restarting", "failed": "failed", "inactive": "stopped"}
        pid = int(values.get("MainPID") or 0)
        word = words.get(values.get("ActiveState", ""), "starting")
        began = int(values.get("ActiveEnterTimestampMonotonic") or 0) / 1e6
        since = time.time() - (time.monotonic() - began) if began else None
        return State(word, pid or None, int(values.get("NRestarts") or 0), since, _ending(values))

    def lines(self, count: int, *, stamped: bool = False, since: float | None = None) -> list[str]:
        bound = () if since is None else ("--since", f"@{since:.3f}")
        return command(*self._journal(stamped), "-n", str(count), *bound, check=False).splitlines()

    def follow(self, count: int, *, since: float | None = None) -> Iterator[str | None]:
        # By its time, because journalctl may look at the journal's end only after what is asked for has begun.
        begin = ["-n", str(count)] if since is None else ["--no-tail", "--since", f"@{since:.6f}"]
        words = [*self._journal(True), *begin, "-f"]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as journal:
            assert journal.stdout is not None
            rest = b""
            try:
                while True:
                    if not select.select([journal.stdout], [], [], 1.0)[0]:
                        yield None
                        continue
                    data = os.read(journal.stdout.fileno(), 65536)
                    if not data:
                        return
                    *lines, rest = (rest + data).split(b"\n")
                    yield from (line.decode(errors="replace") for line in lines)
            finally:
                journal.terminate()

    def _journal(self, stamped: bool) -> tuple[str, ...]:
        form = "short-iso" if stamped else "cat"
        return ("journalctl", "--no-pager", "--quiet", "--output", form, "--unit", self._layout.unit_name)


class Supervised:
    """A service under a supervisor process of ours, found by the lock that it holds."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = layout.run / f"{layout.service}.lock"
        self._record = layout.run / f"{layout.service}.json"

    def install(self) -> None:
        """Makes the service start at boot: the instance's init runs what lies in boot.d."""
        prefix = f"export {ROOT_VARIABLE}={shlex.quote(str(self._layout.root))}\n" if is_prefixed() else ""
        line = shlex.join([sys.executable, *ALONE, str(self._layout.installer), "start", self._layout.service])
        write_atomically(self._layout.boot, f"#!/bin/sh\n{prefix}exec {line}\n", 0o755)

    def start(self) -> None:
        """Starts the supervisor unless one runs; returns once the application was started."""
        if self._holder() is not None:
            return
        self._end_orphan()
        self._record.unlink(missing_ok=True)
        self._layout.log.parent.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, *ALONE, str(self._layout.installer), "supervise", self._layout.service]
        with self._layout.log.open("ab") as log:
            process = subprocess.Popen(
                words, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 15
        while not self._record.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise InstallError("the supervisor did not start", self.lines(20))
            time.sleep(0.02)

    def stop(self) -> None:
        holder = self._holder()
        if holder is None:
            self._end_orphan()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder, signal.SIGTERM)
        deadline = time.monotonic() + self._stop_timeout() + 10
        while self._holder() is not None:
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(holder, signal.SIGKILL)
                self._end_orphan()
                return
            time.sleep(0.02)

    def remove(self) -> None:
        self.stop()
        for path in (self._layout.boot, self._layout.unit, self._record, self._lock):
            path.unlink(missing_ok=True)

    def state(self) -> State:
        entry = self._entry()
        alive = self._holder() is not None
        word = entry.get("state", "stopped")
        if not alive and word != "failed":
            word = "stopped"
        pid = entry.get("pid") if alive else None
        return State(word, pid, entry.get("restarts", 0), entry.get("since"), entry.get("ending", ""))

    def lines(self, count: int, *, stamped: bool = False, since: float | None = None) -> list[str]:
        return logfile.last_lines(self._layout.log, count, stamped=stamped, since=since)

    def follow(self, count: int, *, since: float | None = None) -> Iterator[str | None]:
        # The place in the file is fixed when the first line is asked for.
        return logfile.follow(self._layout.log, count if since is None else 0)

    def hold(self) -> IO[str] | None:
        """Takes the lock of the running supervisor; None when another one has it."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        file = self._lock.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return file

    def _holder(self) -> int | None:
        try:
            with self._lock.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(file.read() or 0) or None
        except (OSError, ValueError):
            pass
        return None

    def _end_orphan(self) -> None:
        """Ends an application whose supervisor was killed, so that it does not keep the port."""
        pid = self._entry().get("pid")
        if isinstance(pid, int) and _is_session_of(pid, str(self._layout.product)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _entry(self) -> dict[str, Any]:
        try:
            entry = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return {}
        return entry if isinstance(entry, dict) else {}

    def _stop_timeout(self) -> float:
        try:
            return parse(self._layout.unit.read_text()).stop_timeout
        except (OSError, ValueError):
            return 30.0


def service_of(layout: Layout) -> Systemd | Supervised:
    """The service, by what runs this system."""
    return Systemd(layout) if has_systemd() else Supervised(layout)


def _ending(values: Mapping[str, str]) -> str:
    """How the unit's last main process ended. ExecMainCode is waitid's si_code: 1 exited, 2 killed, 3 dumped core."""
    if values.get("Result") == "oom-kill":
        return OUT_OF_MEMORY
    code, status = values.get("ExecMainCode"), int(values.get("ExecMainStatus") or 0)
    if code == "1":
        return f"exit code {status}"
    return signal_name(status) if code in ("2", "3") else ""


def signal_name(number: int) -> str:
    """`signal SIGTERM`, say."""
    try:
        return f"signal {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"


def _is_session_of(pid: int, folder: str) -> bool:
    """Whether a process leads its group and works below a folder: a process id alone may be someone else's by now."""
    try:
        return os.getpgid(pid) == pid and str(Path(f"/proc/{pid}/cwd").readlink()).startswith(folder)
    except OSError:
        return False


def command(*arguments: str, check: bool = True) -> str:
    """Runs a program; what it printed. Raises InstallError where it fails, with `check`."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise InstallError(f"{' '.join(arguments)} failed with exit code {done.returncode}", done.stderr.splitlines())
    return done.stdout
