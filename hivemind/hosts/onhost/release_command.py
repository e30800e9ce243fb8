"""The release command: at most one at a time, also after an installer that was killed while one ran."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from hivemind.hosts.onhost.readiness import EVIDENCE
from hivemind.hosts.onhost.report import InstallError

_LOOK_AGAIN = 0.2


def run(command: str, timeout: float, *, lock: Path, tell: Callable[[str], None], **options: Any) -> None:
    """Runs it to its end. timeout: seconds, also those until an earlier one has ended. tell: gets each line of output.
    options: of Popen. Raises InstallError with its last lines.

    The command inherits the lock, so that it is held for as long as a command runs that nobody watches any more. What
    it leaves running in the background on purpose does not hold it.
    """
    deadline = time.monotonic() + timeout
    with lock.open("a") as held:
        _wait(held, deadline, tell)
        try:
            _run(command, deadline, timeout, tell, pass_fds=(held.fileno(),), **options)
        finally:
            fcntl.flock(held, fcntl.LOCK_UN)


def _wait(held: IO[str], deadline: float, tell: Callable[[str], None]) -> None:
    told = False
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise InstallError(
                    "the release command of an interrupted installation is still running; end it on the instance"
                ) from None
        if not told:
            tell("waiting for the release command of an interrupted installation")
            told = True
        time.sleep(_LOOK_AGAIN)


def _run(command: str, deadline: float, timeout: float, tell: Callable[[str], None], **options: Any) -> None:
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        **options,
    )
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), expire)
    timer.daemon = True
    timer.start()
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        del lines[:-EVIDENCE]
        tell(lines[-1])
    code = process.wait()
    timer.cancel()
    if expired.is_set():
        raise InstallError(f"the release command did not end within {timeout:g} s", lines)
    if code != 0:
        raise InstallError(f"the release command failed with exit code {code}", lines)
