"""Another user of this machine, and a web page in a browser: what they send to a local cloud."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

STRANGER = 54_321
"""A user id without an account."""


def as_stranger(does: Callable[[], Any]) -> Any:
    """What a function comes to in a process of another user's, as JSON; an OSError's name where it raises one. Only
    root can start one. The function must not import anything: that user may not read what we read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            try:
                said = does()
            except OSError as error:
                said = type(error).__name__
            os.write(writing, json.dumps(said).encode())
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    assert content, "the stranger's process failed"
    return json.loads(content)


def exchange(address: tuple[str, int], text: str, *, seconds: float = 5.0) -> str:
    """What a server answers to a text before it closes or falls silent."""
    found = b""
    with socket.create_connection(address, timeout=seconds) as connection:
        connection.sendall(text.encode())
        try:
            while len(found) < 100_000 and (part := connection.recv(65536)):
                found += part
        except TimeoutError:
            pass
    return found.decode(errors="replace")


def request(method: str, target: str, *, host: str, body: str = "", **headers: str) -> str:
    """An HTTP request that asks for the connection's end."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join(head) + f"\r\n\r\n{body}"
