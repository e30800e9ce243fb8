"""How client and worker talk: messages of JSON with their length in front, over a Unix socket of the user's own."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any

from hivemind.machine import home
from hivemind.machine.installed import version

LARGEST = 32_000_000
HEADER = struct.Struct("!I")
# sun_path holds 108 bytes on Linux and 104 on macOS, with the final zero.
LONGEST_PATH = 100


def send(connection: socket.socket, message: Any) -> None:
    """Sends one message. Raises OSError."""
    body = json.dumps(message).encode()
    connection.sendall(HEADER.pack(len(body)) + body)


def receive(connection: socket.socket) -> Any:
    """The next message, None when the other side is done. Raises OSError, and ValueError for what is no message."""
    header = _read(connection, HEADER.size)
    if not header:
        return None
    (length,) = HEADER.unpack(header)
    if length > LARGEST:
        raise ValueError(f"a message of {length} bytes")
    return json.loads(_read(connection, length))


def _read(connection: socket.socket, length: int) -> bytes:
    parts: list[bytes] = []
    while length:
        part = connection.recv(min(length, 1 << 20))
        if not part:
            if parts:
                raise ValueError("the message was cut short")
            return b""
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def socket_path() -> Path | None:
    """Where the worker listens: one a user, version and interpreter. None where there is no safe place for it."""
    if not hasattr(socket, "AF_UNIX"):
        return None
    name = f"lint-{_key()}.sock"
    for folder in _folders():
        if len(os.fsencode(folder / name)) <= LONGEST_PATH and _is_ours(folder):
            return folder / name
    return None


def cache_folder() -> Path:
    """Where lint keeps what can be made again."""
    return home.caches() / "lint"


def cfn_lint_version() -> str:
    return version("cfn-lint")


def _key() -> str:
    engine = Path(__file__).with_name("engine.py").stat()
    identity = (cfn_lint_version(), sys.version, sys.prefix, __file__, str(engine.st_mtime_ns), str(cache_folder()))
    return hashlib.sha256("\0".join(identity).encode()).hexdigest()[:12]


def _folders() -> tuple[Path, ...]:
    shared = Path(f"/tmp/hivemind-{os.getuid()}")  # noqa: S108  - checked by _is_ours
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and not os.environ.get("HIVEMIND_HOME"):
        return Path(runtime) / "hivemind", cache_folder() / "run", shared
    return cache_folder() / "run", shared


def _is_ours(folder: Path) -> bool:
    """Whether the folder exists, made now if need be, belongs to this user and is closed to all others."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
