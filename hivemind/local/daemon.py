"""The local cloud's one background process: `python -m hivemind.local.daemon DIRECTORY [--on-demand] [--pace NAME]`.

Serves the AWS API and the control API on one loopback port until it is told to stop or gets SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import logging.handlers
import os
import secrets
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hivemind.local import pace
from hivemind.local.code import present
from hivemind.local.control import Control, Receive, Scope, Send
from hivemind.local.credentials import secret_key
from hivemind.local.emulator import prepare_environment
from hivemind.local.files import PORT, RECORD, read_json, write_json
from hivemind.local.front import Front
from hivemind.local.processes import started
from hivemind.values.defaults import DEFAULT_REGION

HOST = "127.0.0.1"
log = logging.getLogger("hivemind.local")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hivemind.local.daemon")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--on-demand", action="store_true")
    parser.add_argument("--pace")
    options = parser.parse_args(arguments)
    directory: Path = options.directory
    os.umask(0o077)
    code = present()  # before anything is imported that may be replaced meanwhile
    _log_to(directory / "cloud.log")
    listener = _listen(read_json(directory / PORT, 0))
    port = int(listener.getsockname()[1])
    write_json(directory / PORT, port)
    prepare_environment(directory / "aws", port, DEFAULT_REGION)
    time = pace.chosen(directory, options.pace)
    asyncio.run(_serve(directory, listener, on_demand=options.on_demand, code=code, time=time))
    return 0


def _listen(preferred: int) -> socket.socket:
    """A listening socket on the port of the time before, so that printed addresses stay true, or a free one."""
    for port in (preferred, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            listener.close()
            continue
        listener.listen(200)
        return listener
    raise OSError("no free port on loopback")


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


async def _serve(
    directory: Path, listener: socket.socket, *, on_demand: bool, code: Mapping[str, str], time: pace.Pace
) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from hivemind.local.region import Region

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    region = Region(directory, time)
    token = secrets.token_urlsafe(24)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.graceful_timeout = 1.0
    config.shutdown_timeout = 5.0
    config.errorlog = logging.getLogger("hypercorn.error")
    port, secret = int(listener.getsockname()[1]), secret_key(directory)
    front = Front(Control(region, token, stopping.set), region.emulator.asgi, port=port, secret=secret)
    loaded = asyncio.Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await front(scope, receive, send)
            return

        async def tell(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                loaded.set()
            await send(message)

        await front(scope, receive, tell)

    record = directory / RECORD
    serving = asyncio.create_task(serve(application, config, shutdown_trigger=stopping.wait))  # type: ignore[arg-type]
    try:
        await _first(loaded, serving)
        await region.start()
        write_json(
            record,
            {
                "pid": os.getpid(),
                "started": started(os.getpid()),
                "endpoint": f"http://{HOST}:{port}",
                "region": DEFAULT_REGION,
                "token": token,
                "secret_key": secret,
                "on_demand": on_demand,
                "code": dict(code),
            },
        )
        await _first(stopping, serving)
    finally:
        record.unlink(missing_ok=True)
        stopping.set()
        await region.close()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def _first(event: asyncio.Event, serving: asyncio.Task[None]) -> None:
    """Waits for the event, or raises what the server ended with."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if serving.done() and not event.is_set():
        serving.result()
        raise RuntimeError("the server ended unexpectedly")


if __name__ == "__main__":
    sys.exit(main())
