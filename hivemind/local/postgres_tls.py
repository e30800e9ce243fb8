"""TLS in front of a DB instance, which the wheel's PostgreSQL is built without and every one of RDS has.

Speaks the beginning of PostgreSQL's protocol alone ("Message Flow", "SSL Session Encryption" in its documentation): a
client asks for encryption before it says who it is. From version 15 on RDS refuses those who do not ask
(`rds.force_ssl` in "Using SSL with a PostgreSQL DB instance" of its user guide), and so does this.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from hivemind.local import certificates

_ENCRYPTED, _GSS_ENCRYPTED, _CANCEL = 80877103, 80877104, 80877102
_LONGEST_START = 10_000
"""Bytes of a first message, as PostgreSQL bounds it."""
_CHUNK = 1 << 16
_SECONDS = 60.0
"""For a client to say what it wants, as PostgreSQL's `authentication_timeout`."""


class Front:
    """Where clients of one server connect to on loopback. server: the port of the server itself. demands: asked at
    each connection, whether one without TLS is refused."""

    def __init__(self, server: int, context: ssl.SSLContext, demands: Callable[[], bool]) -> None:
        self._server = server
        self._context = context
        self._demands = demands
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> int:
        """Listens on a port, 0 for any; the port. Raises OSError where it is taken."""
        self._listener = await asyncio.start_server(self._accept, host, port)
        return int(self._listener.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listens no more, and cuts what is open."""
        if self._listener is not None:
            self._listener.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, EOFError, ssl.SSLError, TimeoutError, asyncio.CancelledError):
            pass  # the client, or the server, is gone
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_SECONDS):
            first = await self._first(reader, writer)
        if first is None:
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server)
        try:
            far_writer.write(first)
            await _until_one_ends(_carry(reader, far_writer), _carry(far_reader, writer))
        finally:
            far_writer.close()

    async def _first(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """What is for the server, of a client that has said how it wants to go on; None for one that is refused."""
        encrypted = False
        while True:
            head = await reader.readexactly(8)
            length, code = struct.unpack("!II", head)
            if code == _GSS_ENCRYPTED:
                writer.write(b"N")
            elif code == _ENCRYPTED and not encrypted:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._context)
                encrypted = True
            elif not 8 <= length <= _LONGEST_START:
                return None
            else:
                whole = head + await reader.readexactly(length - 8)
                if encrypted or code == _CANCEL or not self._demands():
                    return whole
                writer.write(_refusal(whole))
                await writer.drain()
                return None


def context(directory: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate of the local cloud's own authority. directory: where both are kept."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = certificates.issue(directory, directory, ("*.rds.amazonaws.com",), "rds")
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(certificate, key)
    return made


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        target.write(data)
        await target.drain()


async def _until_one_ends(*carriers: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(one) for one in carriers]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        with contextlib.suppress(OSError):
            task.result()


def _refusal(start: bytes) -> bytes:
    """PostgreSQL's own words to a client that came without TLS. start: its start-up message."""
    words = start[8:].split(b"\0")
    said = dict(zip(words[::2], words[1::2], strict=False))
    user, database = said.get(b"user", b""), said.get(b"database", said.get(b"user", b""))
    message = b'no pg_hba.conf entry for host "127.0.0.1", user "' + user + b'", database "' + database
    fields = b"SFATAL\0VFATAL\0C28000\0M" + message + b'", no encryption\0\0'
    return b"E" + struct.pack("!I", len(fields) + 4) + fields
