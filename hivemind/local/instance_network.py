"""Addresses on a network namespace's loopback interface, by ioctl: `ip` may be missing."""

from __future__ import annotations

import fcntl
import socket
import struct

_SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
_IFF_UP_RUNNING = 0x1 | 0x40


def raise_loopback(made: socket.socket) -> None:
    """Brings `lo` up in the namespace of the socket. Raises OSError."""
    fcntl.ioctl(made, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP_RUNNING))


def add_address(made: socket.socket, number: int, address: str) -> None:
    """Gives `lo` the IPv4 address as alias `lo:number`, in the namespace of the socket. Raises OSError."""
    name = f"lo:{number}".encode()
    for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.255")):
        packed = struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(value))
        fcntl.ioctl(made, request, packed)
