"""A real socket to an address that only an instance can reach: pumped through its SSH connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

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
