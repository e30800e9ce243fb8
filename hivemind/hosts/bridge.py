"""A real socket to an address that only an instance can reach: pumped through its SSH connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.values.errors import HiveMindError

if TYPE_CHECKING:
    import paramiko

    from hivemind.hosts.ssh import Host

CHUNK = 1 << 16


@contextlib.contextmanager
def bridge(host: Host, address: str, port: int, *, timeout: float = 10.0) -> Iterator[socket.socket]:
    """A connected socket, for libraries that want one of the operating system's (TLS, database drivers).

    timeout: seconds for the connection and for each of its reads. Raises OSError when the instance does not get there.
    """
    channel = host.forward(address, port, timeout=timeout)
    near, far = socket.socketpair()
    near.settimeout(timeout)
    pumps = [
        threading.Thread(target=_to_socket, args=(channel, far), daemon=True),
        threading.Thread(target=_to_channel, args=(far, channel), daemon=True),
    ]
    for pump in pumps:
        pump.start()
    try:
        yield near
    finally:
        near.close()
        channel.close()
        for pump in pumps:
            pump.join(timeout)
        far.close()


@contextlib.contextmanager
def listening(host: Host, address: str, port: int, *, at: int = 0) -> Iterator[int]:
    """A port of this machine, open to its users, that leads to an address which the instance can reach: any number of
    connections, for as long as the context lasts. Yields the port.

    at: the port; 0: one that is free. Raises OSError where it is taken.
    """
    with socket.create_server(("127.0.0.1", at)) as server, contextlib.ExitStack() as connections:
        threading.Thread(target=_accept, args=(server, host, address, port, connections), daemon=True).start()
        try:
            yield int(server.getsockname()[1])
        finally:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, host: Host, address: str, port: int, connections: contextlib.ExitStack) -> None:
    with contextlib.suppress(OSError):
        while True:
            near, _ = server.accept()
            connections.callback(near.close)
            try:
                channel = host.forward(address, port)
            except (OSError, HiveMindError):
                # The client sees its connection end; what it says of that is better than any word of ours in between.
                near.close()
                continue
            connections.callback(channel.close)
            for pump, ends in ((_to_socket, (channel, near)), (_to_channel, (near, channel))):
                threading.Thread(target=pump, args=ends, daemon=True).start()


def _to_socket(channel: paramiko.Channel, sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := channel.recv(CHUNK):
            sock.sendall(data)
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


def _to_channel(sock: socket.socket, channel: paramiko.Channel) -> None:
    with contextlib.suppress(OSError):
        while data := sock.recv(CHUNK):
            channel.sendall(data)
    with contextlib.suppress(OSError):
        channel.shutdown_write()
