"""Asking the resident worker. Whatever goes wrong with it, the answer is None, and the caller does the work itself."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.lint import wire
from hivemind.lint.matches import DeadlineError, Match
from hivemind.values.clock import SYSTEM_CLOCK, polls

if TYPE_CHECKING:
    import subprocess

START_SECONDS = 10.0
STOP_SECONDS = 5.0

_starting: subprocess.Popen[bytes] | None = None


def wanted() -> bool:
    """Whether a worker may outlive this program: not in CI, and not where `HIVEMIND_NO_WORKER` is set."""
    return not os.environ.get("CI") and not os.environ.get("HIVEMIND_NO_WORKER")


def warm() -> None:
    """Starts the worker unless it runs, without waiting for it. Call it as early as linting is certain."""
    global _starting  # noqa: PLW0603  - one worker a process is started, and reaped at its end
    if _starting is not None or not wanted():
        return
    path = wire.socket_path()
    if path is None:
        return
    connection = _connect(path)
    if connection is not None:
        connection.close()
        return
    import subprocess

    with contextlib.suppress(OSError):
        _starting = subprocess.Popen(
            [sys.executable, "-P", "-m", "hivemind.lint.worker", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        atexit.register(_started)


def ask(template: str, regions: Sequence[str], *, deadline: float) -> tuple[Match, ...] | None:
    """What the worker says of a template; None where there is none to ask or it broke.

    template: JSON. deadline: seconds. Raises DeadlineError when it took longer.
    """
    warm()
    path = wire.socket_path()
    connection = _connect(path) if path and _started() else None
    if connection is None:
        return None
    request = {"template": template, "regions": list(regions), "deadline": deadline}
    with connection:
        # The worker keeps the deadline; the margin is for its loading, and for a template of somebody else before.
        connection.settimeout(deadline + START_SECONDS)
        try:
            wire.send(connection, request)
            reply = wire.receive(connection)
            if reply.get("deadline"):
                raise DeadlineError
            return tuple(Match.from_json(match) for match in reply["matches"])
        except TimeoutError as error:
            raise DeadlineError from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def stop_worker() -> bool:
    """Ends this user's worker and waits until it is gone; False where none runs."""
    path = wire.socket_path()
    connection = _connect(path) if path and _started() else None
    if connection is None:
        return False
    with connection:
        connection.settimeout(START_SECONDS)
        try:
            wire.send(connection, {"stop": True})
            reply: Any = wire.receive(connection)
            pid = int(reply["pid"])
        except (OSError, ValueError, TypeError, KeyError):
            return False
    for _ in polls(SYSTEM_CLOCK, deadline=STOP_SECONDS, first=0.01, most=0.1):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
    return True


def _started() -> bool:
    """Waits until a worker that this process started listens; whether one may."""
    global _starting  # noqa: PLW0603
    process = _starting
    if process is None:
        return True
    import subprocess

    try:
        good = process.wait(START_SECONDS) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        good = False
    _starting = None
    return good


def _connect(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(1.0)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection
