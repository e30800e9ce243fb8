"""The edge between this machine's loopback and the instances' networks: fronts lead in, outlets lead out.

A front is a loopback port of this machine that reaches one port of one instance for one kind of peer. An outlet is a
listening socket inside an instance's network that reaches a database or another instance. Both listen only
while the security groups admit them: otherwise connecting is refused (on EC2 it would time out).
Established connections live on, as those that EC2 tracks.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

CONNECTIONS = 1024
"""Most connections at a time through one front or outlet; more are reset."""

BACKLOG = 256
CONNECT_SECONDS = 10.0

Connect = Callable[[], Awaitable[socket.socket]]


@dataclass
class Traffic:
    """Bytes that crossed an instance's edge since it started. received, sent: as the instance sees it."""

    received: int = 0
    sent: int = 0


class _End(asyncio.Protocol):
    """One end of a relayed connection: what it receives, its twin writes."""

    def __init__(self, count: Callable[[int], None]) -> None:
        self._count = count
        self.twin: _End | None = None
        self.transport: asyncio.Transport | None = None
        self.finished = False
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        # asyncio sets it only on sockets that were made with an explicit protocol number.
        made = transport.get_extra_info("socket")
        if made.family != socket.AF_UNIX:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self._count(len(data))
        twin = self.twin
        if twin is not None and twin.transport is not None:
            twin.transport.write(data)

    def eof_received(self) -> bool:
        self.finished = True
        twin = self.twin
        if twin is None:
            return isinstance(self, _Accepted)  # passed on once the other end is there
        if twin.transport is None or twin.closed:
            return False
        if twin.finished:
            twin.transport.close()
            return False
        with contextlib.suppress(OSError):
            twin.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.twin is not None and self.twin.transport is not None:
            self.twin.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.twin is not None and self.twin.transport is not None:
            self.twin.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        twin = self.twin
        if twin is None or twin.transport is None or twin.closed:
            return
        if exc is not None:
            _reset(twin.transport)
        else:
            twin.transport.close()


def _reset(transport: asyncio.Transport) -> None:
    """Ends a connection with RST, so that the other side sees a failure and no clean end."""
    peer = transport.get_extra_info("socket")
    if peer is not None:
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    transport.abort()


class _Accepted(_End):
    """The end that came in: opens the other one, then relays."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay.count_forth)
        self._relay = relay
        self._early: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        # Python before 3.11.4 reads once more after `pause_reading` in `connection_made`.
        if self.twin is None:
            self._early.append(data)
        else:
            super().data_received(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        if len(self._relay.connections) >= CONNECTIONS or not self._relay.knows(
            self.transport.get_extra_info("socket")
        ):
            _reset(self.transport)
            return
        self.transport.pause_reading()
        self._relay.connections.add(self)
        self._relay.spawn(self._join())

    def connection_lost(self, exc: Exception | None) -> None:
        self._relay.connections.discard(self)
        super().connection_lost(exc)

    async def _join(self) -> None:
        assert self.transport is not None
        loop = asyncio.get_running_loop()
        other = _End(self._relay.count_back)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                far = await self._relay.connect()
        except (OSError, TimeoutError):
            _reset(self.transport)
            return
        try:
            await loop.create_connection(lambda: other, sock=far)
        except OSError:
            far.close()
            _reset(self.transport)
            return
        if self.closed:
            if other.transport is not None:
                other.transport.close()
            return
        other.twin = self
        self.twin = other
        for data in self._early:
            super().data_received(data)
        self._early.clear()
        if self.finished and other.transport is not None:
            with contextlib.suppress(OSError):
                other.transport.write_eof()
        self.transport.resume_reading()


class Relay:
    """Accepts on listening sockets and relays each connection to what `connect` opens.

    knows: whether one that was accepted is to be served; others are reset.
    """

    def __init__(
        self,
        connect: Connect,
        count_forth: Callable[[int], None],
        count_back: Callable[[int], None],
        knows: Callable[[socket.socket], bool] = lambda _: True,
    ) -> None:
        self.connect = connect
        self.knows = knows
        self.count_forth = count_forth
        self.count_back = count_back
        self.connections: set[_Accepted] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def listening(self) -> bool:
        return self._server is not None

    def spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def listen(self, listener: socket.socket) -> None:
        """Serves a bound socket; it belongs to the relay from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Accepted(self), sock=listener, backlog=BACKLOG)

    def deafen(self) -> None:
        """Stops accepting; connections live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """Stops accepting and resets all connections."""
        self.deafen()
        for task in tuple(self._tasks):
            task.cancel()
        for end in tuple(self.connections):
            if end.transport is not None:
                _reset(end.transport)


class Front:
    """A loopback port of this machine. It is chosen once and stays while the front exists; while the security groups
    forbid it, the port is held without listening, so that connecting is refused."""

    def __init__(self, relay: Relay, port: int = 0) -> None:
        self._relay = relay
        self._socket: socket.socket | None = _bound("127.0.0.1", port)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    @property
    def listening(self) -> bool:
        return self._relay.listening

    def open(self) -> None:
        """Lets connections in. Listening begins at once, relaying with the loop's next turn."""
        if self._socket is None:
            return
        listener, self._socket = self._socket, None
        listener.listen(BACKLOG)
        self._relay.spawn(self._relay.listen(listener))

    async def set(self, admitted: bool) -> None:
        """Opens or shuts the front."""
        if admitted and self._socket is not None:
            listener, self._socket = self._socket, None
            await self._relay.listen(listener)
        elif not admitted and self._socket is None:
            self._relay.deafen()
            await asyncio.sleep(0)
            self._socket = _bound(*self.address)

    def cut(self) -> None:
        """Resets all connections and gives the port back."""
        self._relay.cut()
        if self._socket is not None:
            self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise OSError(error.errno or errno.EADDRINUSE, f"port {port} of {host}: {error.strerror}") from error
    return made


async def dial(host: str, port: int) -> socket.socket:
    """A connected, non-blocking socket to a host that this machine reaches, or to a Unix socket whose path is the host;
    OSError when refused."""
    family = socket.AF_UNIX if host.startswith("/") else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        with _reachable(host) if family == socket.AF_UNIX else contextlib.nullcontext((host, port)) as address:
            await asyncio.get_running_loop().sock_connect(made, address)
    except BaseException:
        made.close()
        raise
    return made


@contextlib.contextmanager
def _reachable(path: str) -> Iterator[str]:
    """The same Unix socket by a name that is short enough for an address (unix(7): 107 bytes)."""
    if sys.platform != "linux" or len(os.fsencode(path)) < 100:
        yield path
        return
    folder, name = os.path.split(path)
    held = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{held}/{name}"
    finally:
        os.close(held)
