"""A command that runs: started as a program, or forked from a process that has loaded HiveMind (`warm`)."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from hivemind.testing import warm

START_SECONDS = 60.0


class Running(Protocol):
    """What subprocess.Popen offers for a process with text streams, as far as tests use it."""

    pid: int
    stdin: IO[str] | None
    stdout: IO[str] | None
    stderr: IO[str] | None

    @property
    def returncode(self) -> Any: ...

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[Any, Any]: ...  # noqa: A002

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


def start(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str], *, forked: bool, **files: Any
) -> Running:
    """Starts `hivemind ARGUMENTS` in a folder. files: stdin, stdout, stderr, as subprocess.Popen takes them.

    forked: whether it may be a fork. It is one where that makes no difference: on Linux, where the variables that the
    interpreter reads are ours.
    """
    if forked and warm.available() and warm.inherited(variables) == warm.inherited(os.environ):
        return Forked(arguments, folder, variables, **files)
    command = [sys.executable, "-m", "hivemind", *arguments]
    return subprocess.Popen(command, cwd=folder, env=dict(variables), text=True, **files)


class Forked:
    """A command as a fork. Arguments as those of `start`."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        *,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
    ) -> None:
        self.returncode: int | None = None
        self._command = ["hivemind", *arguments]
        request = {"arguments": [*arguments], "folder": str(folder.resolve()), "variables": dict(variables)}
        ends, passed, opened = [], [], []
        for number, wanted in enumerate((stdin, stdout, stderr)):
            ours, theirs, is_new = _file(number, wanted)
            ends.append(ours)
            passed.append(theirs)
            opened += [theirs] if is_new else []
        self._told, teller = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with teller:
            socket.send_fds(_waiting(), [json.dumps(request).encode()], [*passed, teller.fileno()])
        for file in opened:
            os.close(file)
        self.stdin: IO[str] | None = None if ends[0] is None else os.fdopen(ends[0], "w", encoding="utf-8")
        self.stdout: IO[str] | None = None if ends[1] is None else os.fdopen(ends[1], encoding="utf-8")
        self.stderr: IO[str] | None = None if ends[2] is None else os.fdopen(ends[2], encoding="utf-8")
        told = self._told.recv(100)
        if not told:
            raise RuntimeError("the process that forks commands has ended")
        self.pid = int(told)

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end; the exit code. timeout: seconds; raises subprocess.TimeoutExpired."""
        code = self._look(timeout)
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self._command, timeout)
        return code

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[Any, Any]:  # noqa: A002
        """Writes all, reads all, waits for the end: what was read of both streams. Raises subprocess.TimeoutExpired."""
        read: dict[str, str | None] = {"stdout": None, "stderr": None}

        def write(stream: IO[str]) -> None:
            with suppress(BrokenPipeError), stream:
                stream.write(input or "")

        def take(name: str, stream: IO[str]) -> None:
            with stream:
                read[name] = stream.read()

        work = [threading.Thread(target=write, args=(self.stdin,), daemon=True)] if self.stdin else []
        for name, stream in (("stdout", self.stdout), ("stderr", self.stderr)):
            if stream is not None:
                work.append(threading.Thread(target=take, args=(name, stream), daemon=True))
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in work:
            thread.start()
        for thread in work:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise subprocess.TimeoutExpired(self._command, timeout or 0.0)
        self.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return read["stdout"], read["stderr"]

    def send_signal(self, sig: int) -> None:
        """Sends it a signal; nothing where it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill(self) -> None:
        """Ends it at once; nothing where it has ended."""
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            ready, _, _ = select.select([self._told], [], [], timeout)
            if ready:
                told = self._told.recv(100)
                self.returncode = int(told) if told else -signal.SIGKILL
                self._told.close()
        return self.returncode


def _file(number: int, wanted: Any) -> tuple[int | None, int, bool]:
    """Our end, the command's, and whether the command's was opened for it."""
    if wanted == subprocess.PIPE:
        reading, writing = os.pipe()
        return (writing, reading, True) if number == 0 else (reading, writing, True)
    if wanted == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR), True
    if wanted is None:
        return None, number, False
    return None, wanted if isinstance(wanted, int) else wanted.fileno(), False


@cache
def _waiting() -> socket.socket:
    """Where to ask for a fork. The process ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HIVEMIND_"))}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-P", "-m", "hivemind.testing.warm", str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env=variables,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    ours.settimeout(START_SECONDS)
    if ours.recv(100) != b"ready":
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.wait()}")
    ours.settimeout(None)

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
