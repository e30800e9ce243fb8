"""The release command: at most one at a time, also after an installer that was killed while one ran."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from hivemind.hosts.onhost.readiness import EVIDENCE
from hivemind.hosts.onhost.report import InstallError

_LOOK_AGAIN = 0.2
_KEY = " (`timeouts: {release: SECONDS}` of the service)"
"""Where the limit stands in hivemind.yaml."""


def run(command: str, timeout: float, *, lock: Path, record: Path, tell: Callable[[str], None], **options: Any) -> None:
    """Runs it to its end. timeout: seconds, also those until an earlier one has ended. record: file that says meanwhile
    what runs. tell: gets each line of output. options: of Popen. Raises InstallError with its last lines.

    The command inherits the lock, so that it is held for as long as a command runs that nobody watches any more. What
    it leaves running in the background on purpose does not hold it.
    """
    deadline = time.monotonic() + timeout
    with lock.open("a") as held:
        _wait(held, deadline, record, tell)
        try:
            _run(command, deadline, timeout, record, tell, pass_fds=(held.fileno(),), **options)
        finally:
            record.unlink(missing_ok=True)
            fcntl.flock(held, fcntl.LOCK_UN)


def running(record: Path) -> dict[str, Any] | None:
    """The release command that runs now: pid (of its process group), command, since (seconds of the Unix epoch). None
    where none does."""
    try:
        found = json.loads(record.read_text())
        os.killpg(int(found["pid"]), 0)
    except PermissionError:
        return dict(found)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return dict(found)


def said(found: Mapping[str, Any] | None) -> str:
    """What is waited for, and how to end it."""
    if found is None:
        return "waiting for another installation of this service"
    seconds = max(0, time.time() - float(found.get("since") or 0))
    return (
        f"waiting for the release command of an interrupted run, which still runs after {seconds:.0f} s: "
        f"{found.get('command')} (to end it on this instance: hivemind ssh -- sudo kill -- -{found.get('pid')})"
    )


def _wait(held: IO[str], deadline: float, record: Path, tell: Callable[[str], None]) -> None:
    told = False
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise InstallError(
                    f"the release command of an interrupted run did not end; {said(running(record))}"
                ) from None
        if not told:
            tell(said(running(record)) if running(record) else "waiting for the release command of an interrupted run")
            told = True
        time.sleep(_LOOK_AGAIN)


def _run(
    command: str, deadline: float, timeout: float, record: Path, tell: Callable[[str], None], **options: Any
) -> None:
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
    record.write_text(json.dumps({"pid": process.pid, "command": command, "since": time.time()}))
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
        with contextlib.suppress(OSError):  # nobody listens any more: it runs to its end all the same
            tell(lines[-1])
    code = process.wait()
    timer.cancel()
    if expired.is_set():
        raise InstallError(f"the release command did not end within {timeout:g} s{_KEY}", lines)
    if code != 0:
        raise InstallError(f"the release command failed with exit code {code}", lines)
