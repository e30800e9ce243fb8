"""Whose process is at the other end of a connection on loopback: the kernel says.

Servers that have no password of their own, because AWS's have none, are behind this.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from pathlib import Path

_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1
_TCP = 6
_ANY_COOKIE = 0xFFFFFFFF
_HEADER = struct.Struct("=LHHLL")
_QUERY = struct.Struct("=BBBBL")
_PLACE = struct.Struct("!HH16s16s")
_UID_AT = _HEADER.size + 4 + 48 + 12
"""Of `struct inet_diag_msg`: four bytes, the socket's id (48), expires, rqueue and wqueue (sock_diag(7))."""


def is_ours(connection: socket.socket) -> bool:
    """Whether a process of this user, or root's, opened an accepted IPv4 connection on loopback."""
    try:
        peer, here = connection.getpeername()[:2], connection.getsockname()[:2]
    except OSError:
        return False  # it is gone
    if sys.platform != "linux":
        return _among_our_processes(peer, here)
    owner = owner_of(peer, here)
    return owner is not None and owner in {0, os.geteuid()}


def owner_of(near: tuple[str, int], far: tuple[str, int]) -> int | None:
    """User id of the owner of the socket with these addresses of its own and of its peer, in this network namespace;
    None where there is no such socket. Linux only."""
    try:
        return _asked(near, far)
    except OSError:
        return _looked_up(near, far)


def _asked(near: tuple[str, int], far: tuple[str, int]) -> int | None:
    """By sock_diag(7): one question to the kernel, however many sockets there are."""
    place = _PLACE.pack(near[1], far[1], socket.inet_aton(near[0]), socket.inet_aton(far[0]))
    ending = struct.pack("=LLL", 0, _ANY_COOKIE, _ANY_COOKIE)
    query = _QUERY.pack(socket.AF_INET, _TCP, 0, 0, 0xFFFFFFFF) + place + ending
    message = _HEADER.pack(_HEADER.size + len(query), _BY_FAMILY, _REQUEST, 0, 0) + query
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.sendto(message, (0, 0))
        answer = kernel.recv(4096)
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind != _BY_FAMILY:
        code = -struct.unpack_from("=l", answer, _HEADER.size)[0]
        if code == 2:  # ENOENT
            return None
        raise OSError(code, os.strerror(code))
    return int(struct.unpack_from("=L", answer, _UID_AT)[0])


def _looked_up(near: tuple[str, int], far: tuple[str, int]) -> int | None:
    """By the table of all sockets (proc_net_tcp), where the kernel answers no questions."""
    wanted = [_hexadecimal(near), _hexadecimal(far)]
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == wanted:
            return int(fields[7])
    return None


def _hexadecimal(address: tuple[str, int]) -> str:
    (number,) = struct.unpack("=L", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"


def _among_our_processes(peer: tuple[str, int], here: tuple[str, int]) -> bool:
    """Where the kernel is not asked: only of our own processes we see the connections."""
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            for each in process.net_connections("tcp4"):
                if (each.laddr, each.raddr) == (peer, here):
                    return True
    return False
