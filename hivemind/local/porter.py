"""The porter hands sockets of an instance's network namespace to the daemon over a Unix socket.

A socket belongs to the namespace in which it was made, whoever holds it. So one end of a socket pair goes
into the namespace, and whatever comes back over it (SCM_RIGHTS) connects and listens in there. Bytes are then
carried by the daemon alone, once.

Messages, daemon to instance: one byte, how many sockets are wanted; `STOP` asks for an orderly shutdown. Instance to
daemon: `SOCKETS` with descriptors, `READY`, or `FAILED` with a text. The end of the daemon is the end of the instance:
it reads end of file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable

STOP = b"\x00"
SOCKETS = b"S"
READY = b"R"
FAILED = b"F"
BATCH = 16


def serve(control: socket.socket, stop: Callable[[], None]) -> None:
    """Runs inside, in a thread of its own: answers requests until the daemon asks to stop or is gone."""
    while True:
        try:
            request = control.recv(1)
        except OSError:
            request = b""
        if not request or request == STOP:
            stop()
            return
        made = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(min(request[0], BATCH))]
        try:
            socket.send_fds(control, [SOCKETS], [one.fileno() for one in made])
        finally:
            for one in made:
                one.close()


class Porter:
    """The daemon's side: a stock of unconnected sockets of one namespace."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._control.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._stock: deque[socket.socket] = deque()
        self._waiting: deque[asyncio.Future[socket.socket]] = deque()
        self._asked = 0
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.gone = asyncio.Event()
        self._loop.add_reader(control.fileno(), self._read)

    async def take(self) -> socket.socket:
        """An unconnected TCP socket of the namespace, non-blocking; ConnectionError when the instance is gone."""
        if self.gone.is_set():
            raise ConnectionError("the instance is not running")
        while self._stock:
            made = self._stock.popleft()
            if len(self._stock) < BATCH // 4:
                self._ask()
            return made
        waiter: asyncio.Future[socket.socket] = self._loop.create_future()
        self._waiting.append(waiter)
        if self._asked < len(self._waiting):
            self._ask()
        return await waiter

    def stop(self) -> None:
        """Asks the instance for an orderly shutdown."""
        with contextlib.suppress(OSError):
            self._control.send(STOP)

    def close(self) -> None:
        """Lets go of the instance; what still runs in it ends."""
        if self.gone.is_set():
            return
        self.gone.set()
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        for made in self._stock:
            made.close()
        self._stock.clear()
        gone = ConnectionError("the instance is not running")
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(gone)
        if not self.ready.done():
            self.ready.set_exception(gone)
        self._waiting.clear()

    def _ask(self) -> None:
        if self._asked and self._asked >= len(self._waiting):
            return
        try:
            self._control.send(bytes([BATCH]))
            self._asked += BATCH
        except (BlockingIOError, InterruptedError):
            self._loop.call_later(0.01, self._ask)
        except OSError:
            self.close()

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 4096, BATCH)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            self.close()
        elif data[:1] == SOCKETS:
            self._asked = max(0, self._asked - BATCH)
            for descriptor in descriptors:
                self._keep(descriptor)
        elif not self.ready.done():
            if data[:1] == READY:
                self.ready.set_result(None)
            else:
                self.ready.set_exception(RuntimeError(data[1:].decode(errors="replace")))

    def _keep(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        made = socket.socket(fileno=descriptor)
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(made)
                return
        self._stock.append(made)
