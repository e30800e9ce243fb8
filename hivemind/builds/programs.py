"""Runs a build's programs: bounded in time, in a process group of their own, output kept in a log."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from hivemind.builds.complaints import advice, first_error
from hivemind.builds.sandbox import Sandbox
from hivemind.builds.unreached import unreached
from hivemind.builds.unset import absent, unset
from hivemind.values.clock import SYSTEM_CLOCK
from hivemind.values.errors import Stage, StageError

SECONDS = 1800
_LAST_LINES = 20
_LONGEST = 300
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()
_over = threading.Event()


OUTPUT: ContextVar[Callable[[str], None] | None] = ContextVar("OUTPUT", default=None)
"""Told the newest line of a running program, at most once a second. Set by whoever asks for a build."""


@dataclass(frozen=True)
class Programs:
    """service: for messages. log: file that all output is added to. seconds: time for each program. sandbox: that
    they run in, None without."""

    service: str
    log: Path
    seconds: int = SECONDS
    sandbox: Sandbox | None = None

    def run(
        self,
        command: Sequence[str] | str,
        *,
        cwd: Path,
        env: Mapping[str, str],
        hint: str | None = None,
        shown: str | None = None,
    ) -> None:
        """Runs a program (or a shell command line) to its end.

        shown: the command as people know it. Raises StageError(BUILD) with the last lines and the first line that
        names an error, when it fails, can't be started or takes too long.
        """
        name = _CREDENTIALS.sub("//***@", shown or (command if isinstance(command, str) else " ".join(command)))
        before = self.log.stat().st_size if self.log.exists() else 0
        self.write(f"$ {name}\n".encode())
        code = self._wait(command, cwd, env, name)
        if code != 0:
            raise self._failed(name, f"ended with exit code {code}", before, hint)

    def note(self, text: str) -> None:
        """Adds a line of ours to the log."""
        self.write(f"# {text}\n".encode())

    def write(self, content: bytes) -> None:
        """Adds output to the log."""
        with self.log.open("ab") as log:
            log.write(content)

    def _wait(self, command: Sequence[str] | str, cwd: Path, env: Mapping[str, str], name: str) -> int:
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
        missing = shutil.which(words[0], path=env.get("PATH")) is None
        if self.sandbox and not missing:
            words = self.sandbox.around(words, cwd, env)
        try:
            process = _started(words, cwd, env)
        except OSError as error:
            raise StageError(
                Stage.BUILD, f"{self.service}: cannot start {words[0]}: {error.strerror}", subject=self.service
            ) from error
        # What a program leaves running may hold its output open: read beside it, ended with it.
        reading = threading.Thread(target=self._read, args=(process, OUTPUT.get()), daemon=True)
        reading.start()
        try:
            return process.wait(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise StageError(
                Stage.BUILD,
                f"{self.service}: HiveMind ended `{name}` after {self.seconds} s",
                subject=self.service,
                lines=_last(self.log, 0),
                hint=f"Full output: {self.log}",
            ) from None
        finally:
            _end(process)
            reading.join(5)
            with _lock:
                _running.discard(process)

    def _read(self, process: subprocess.Popen[bytes], tell: Callable[[str], None] | None) -> None:
        """Adds a program's output to the log as it comes."""
        told = SYSTEM_CLOCK.monotonic()
        assert process.stdout is not None
        with self.log.open("ab", buffering=0) as log, process.stdout as output:
            while piece := os.read(output.fileno(), 1 << 16):
                log.write(piece)
                now = SYSTEM_CLOCK.monotonic()
                if tell is not None and now - told >= 1:
                    line = _plain(piece.decode(errors="replace").strip().rpartition("\n")[2])
                    if line:
                        tell(line[:_LONGEST])
                        told = now

    def _failed(self, name: str, what: str, before: int, hint: str | None) -> StageError:
        lines = _last(self.log, before)
        output = _lines(self.log, before)[1:]
        first = first_error(output)
        message = f"{self.service}: `{name}` {what}" + (f": {first}" if first else "")
        # A host that is not reached is no secret that is not there.
        wanted = (
            advice(output) or unreached(output) or unset(output, self.service) or absent(output, self.service) or hint
        )
        hints = [wanted] if wanted else []
        hints.append(f"Full output: {self.log}")
        return StageError(Stage.BUILD, message, subject=self.service, lines=lines, hint="\n".join(hints))


def _started(words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a program and writes it down in one go: an interrupt in between would leave it running."""
    with _lock:
        if _over.is_set():
            raise InterruptedError(errno.EINTR, "the run is over")
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        return process


@atexit.register
def _end_all() -> None:
    """Ends every program that still runs: builds run in threads, which an interrupted run leaves behind."""
    with _lock:
        _over.set()
        left = tuple(_running)
    for process in left:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the program's whole group: nothing that it started outlives the build."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM if process.poll() is None else signal.SIGKILL)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _lines(log: Path, before: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(before)
        text = file.read(4_000_000).decode("utf-8", errors="replace")
    plain = (_plain(line) for line in text.splitlines())
    return [line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..." for line in plain]


def _plain(line: str) -> str:
    """A line without what steers a terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)).rstrip()


def _last(log: Path, before: int) -> tuple[str, ...]:
    return tuple(deque((line for line in _lines(log, before) if line), maxlen=_LAST_LINES))
