"""A TCP connection inside a signed WebSocket, as an EC2 Instance Connect Endpoint carries it.

The protocol is that of `aws ec2-instance-connect open-tunnel`: binary messages both ways, closed with a reason.
wsproto knows WebSockets; one thread for each tunnel moves the bytes, since a TLS connection has one user at a time.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from hivemind.values.cloud import Line
from hivemind.values.version import __version__

if TYPE_CHECKING:
    from wsproto import WSConnection

CHUNK = 1 << 15
"""Bytes a message; awscli sends up to 65,000."""
WAITING = 1 << 20
"""Bytes that wait for one side before the other is no longer read."""
PATIENCE = 5
"""Seconds that a tunnel which is being closed waits for someone to take what is left."""


class TunnelRefused(OSError):
    """The endpoint answers the request with an error. status: of HTTP. body: in words."""

    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        super().__init__(f"the endpoint refuses the tunnel: {body or 'no reason'} (HTTP {status})")
        self.status = status
        self.headers = headers
        self.body = body


def open_tunnel(
    url: str, *, timeout: float, lasts: float, cafile: str | None, ended: Callable[[], None] = lambda: None
) -> Line:
    """A connection through the tunnel at a presigned URL (`wss://...`).

    timeout: seconds for connection and handshake. lasts: seconds after which AWS ends it. cafile: certificates to
    trust, None for the system's. ended: called once when it is over. Raises TunnelRefused, and OSError where the
    endpoint does not answer.
    """
    carrier = _connected(url, timeout, cafile)
    try:
        connection = _shake_hands(carrier, url)
        near, far = socket.socketpair()
    except BaseException:
        carrier.close()
        raise
    line = Line(near, lasts)
    carrier.setblocking(False)
    far.setblocking(False)
    pump = _Pump(carrier, far, connection, line)
    threading.Thread(target=pump.run, args=(ended,), name="tunnel", daemon=True).start()
    return line


def _connected(url: str, timeout: float, cafile: str | None) -> ssl.SSLSocket:
    """A TLS connection to the URL's host, through the proxy of the environment where it has one."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context(cafile=cafile)
    proxy = None if proxy_bypass(f"{host}:{port}") else getproxies().get("https")
    if proxy:
        through = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
        client = http.client.HTTPSConnection(
            through.hostname or "", through.port or 80, timeout=timeout, context=context
        )
        client.set_tunnel(host, port, headers=_proxy_login(through.username, through.password))
    else:
        client = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    client.connect()
    carrier = client.sock
    assert isinstance(carrier, ssl.SSLSocket)
    carrier.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return carrier


def _proxy_login(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    from base64 import b64encode

    login = b64encode(f"{user}:{password or ''}".encode()).decode()
    return {"Proxy-Authorization": f"Basic {login}"}


def _shake_hands(carrier: ssl.SSLSocket, url: str) -> WSConnection:
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import AcceptConnection, RejectConnection, RejectData, Request
    from wsproto.utilities import ProtocolError

    parts = urlsplit(url)
    connection = WSConnection(ConnectionType.CLIENT)
    agent = (b"User-Agent", f"hivemind/{__version__}".encode())
    request = Request(host=parts.netloc, target=f"{parts.path}?{parts.query}", extra_headers=[agent])
    carrier.sendall(connection.send(request))
    status, headers, body = 0, {}, b""
    while data := carrier.recv(CHUNK):
        try:
            connection.receive_data(data)
            for event in connection.events():
                if isinstance(event, AcceptConnection):
                    return connection
                if isinstance(event, RejectConnection):
                    status = event.status_code
                    headers = {name.decode().lower(): value.decode() for name, value in event.headers}
                    if not event.has_body:
                        raise TunnelRefused(status, headers, "")
                if isinstance(event, RejectData):
                    body += event.data
                    if event.body_finished:
                        raise TunnelRefused(status, headers, body.decode(errors="replace").strip())
        except ProtocolError as error:
            raise ConnectionError(f"the endpoint does not answer as a WebSocket: {error}") from error
    if status:
        raise TunnelRefused(status, headers, body.decode(errors="replace").strip())
    raise ConnectionError("the endpoint closed the connection")


class _Pump:
    """Moves bytes between the tunnel and the far end of a socket pair, until either side is closed."""

    def __init__(self, carrier: ssl.SSLSocket, far: socket.socket, connection: WSConnection, line: Line) -> None:
        self._carrier = carrier
        self._far = far
        self._connection = connection
        self._line = line
        self._out = bytearray()
        self._in = bytearray()
        self._closing = False
        self._idle = 0

    def run(self, ended: Callable[[], None]) -> None:
        try:
            while not self._closing or ((self._out or self._in) and self._idle < PATIENCE):
                self._step()
        except OSError as error:
            self._line.why = self._line.why or f"the tunnel broke: {error}"
        finally:
            with contextlib.suppress(OSError):
                self._carrier.close()
            self._far.close()
            ended()

    def _step(self) -> None:
        # What a TLS connection has read ahead does not show in select.
        readable = not self._closing and len(self._in) < WAITING
        if readable and self._carrier.pending():
            self._receive()
        reading = [self._carrier] if readable else []
        if not self._closing and len(self._out) < WAITING:
            reading.append(self._far)  # type: ignore[arg-type]
        writing = [one for one, waits in ((self._carrier, self._out), (self._far, self._in)) if waits]
        ready, free, _ = select.select(reading, writing, [], 1.0)
        self._idle = 0 if ready or free else self._idle + 1
        if self._far in free:
            self._deliver()
        if self._carrier in free:
            self._send()
        if self._carrier in ready:
            self._receive()
        if self._far in ready:
            self._take()

    def _take(self) -> None:
        from wsproto.events import BytesMessage, CloseConnection

        data = self._far.recv(CHUNK)
        if data:
            self._out += self._connection.send(BytesMessage(data))
            self._send()
        else:  # whoever used it is done
            self._out += self._connection.send(CloseConnection(1000))
            self._in.clear()
            self._closing = True

    def _send(self) -> None:
        with contextlib.suppress(ssl.SSLWantWriteError, ssl.SSLWantReadError):
            del self._out[: self._carrier.send(self._out)]

    def _deliver(self) -> None:
        try:
            del self._in[: self._far.send(self._in)]
        except BlockingIOError:
            return
        except OSError:  # nobody reads it any more
            self._in.clear()

    def _receive(self) -> None:
        try:
            data: bytes | None = self._carrier.recv(CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        if not data:
            self._line.why = self._line.why or "the endpoint closed the tunnel"
            self._closing = True
            return
        self._understand(data)

    def _understand(self, data: bytes) -> None:
        from wsproto.events import BytesMessage, CloseConnection, Ping
        from wsproto.utilities import LocalProtocolError, RemoteProtocolError

        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                if isinstance(event, BytesMessage):
                    self._in += event.data
                elif isinstance(event, Ping):
                    self._out += self._connection.send(event.response())
                elif isinstance(event, CloseConnection):
                    if event.code != 1000 or event.reason:
                        self._line.why = event.reason or f"the endpoint closed the tunnel (code {event.code})"
                    self._out += self._connection.send(event.response())
                    self._closing = True
        except (LocalProtocolError, RemoteProtocolError) as error:
            self._line.why = f"the endpoint does not answer as a WebSocket: {error}"
            self._closing = True
