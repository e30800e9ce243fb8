"""The resident worker: `python -m hivemind.lint.worker SOCKET`. Lints for its user until nobody asked for two minutes.

It listens before it goes into the background, so that whoever started it can connect once the command has returned,
and loads cfn-lint after that.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hivemind.lint.matches import DeadlineError
from hivemind.lint.wire import receive, send

IDLE_SECONDS = 120.0
LOOK_SECONDS = 5.0
"""How often it looks whether its socket is still there; without it nobody can ask any more."""
READ_SECONDS = 10.0
BACKLOG = 16


def main(path: Path) -> int:
    """Serves on `path`; returns 0 also when another worker already does."""
    with _alone(path) as alone:
        if not alone:
            return 0
        listener = _listen(path)
        if os.fork():
            # The lock and the listener belong to the child now; this process says by ending that they are there.
            os._exit(0)
        try:
            _serve(listener, path)
        finally:
            path.unlink(missing_ok=True)
    return 0


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    listener.settimeout(LOOK_SECONDS)
    return listener


def _serve(listener: socket.socket, path: Path) -> None:
    gc.disable()
    from hivemind.lint import engine

    engine.load()
    gc.enable()
    idle = 0.0
    while idle < IDLE_SECONDS and path.exists():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            idle += LOOK_SECONDS
            continue
        idle = 0.0
        with connection:
            connection.settimeout(READ_SECONDS)
            # A client that breaks off is its own affair.
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                request = receive(connection)
                if request is None:
                    continue
                if request.get("stop"):
                    path.unlink(missing_ok=True)
                    send(connection, {"pid": os.getpid()})
                    return
                send(connection, _answer(request))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from hivemind.lint import engine

    try:
        matches = engine.run(request["template"], request["regions"], deadline=float(request["deadline"]))
    except DeadlineError:
        return {"deadline": True}
    except Exception as error:  # noqa: BLE001  - cfn-lint's own defects; the client tries by itself and says so
        return {"error": f"{type(error).__name__}: {error}"}
    return {"matches": [match.as_json() for match in matches]}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
