"""The server of what a load balancer answers by itself (fixed responses): traefik has no such thing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from http import HTTPStatus

from hivemind.local.routing import Answer

_LARGEST_HEAD = 64 * 1024


class Answers:
    """Listens on a loopback port; `GET /<key>` says the answer of that key."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._known: dict[str, Mapping[str, Answer]] = {}
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LARGEST_HEAD)

    @property
    def base(self) -> str:
        """`http://127.0.0.1:port`; only after `start`."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def learn(self, owner: str, answers: Mapping[str, Answer]) -> None:
        """Replaces what is answered for one load balancer."""
        self._known[owner] = answers

    def forget(self, owner: str) -> None:
        self._known.pop(owner, None)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._open):
                writer.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._discard_body(reader, head)
                line = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                answer = self._find(line[1].lstrip("/").split("?")[0] if len(line) > 1 else "")
                body = answer.body.encode()
                phrase = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else ""
                writer.write(
                    f"HTTP/1.1 {answer.status} {phrase}\r\nContent-Type: {answer.content_type}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + (b"" if line[0] == "HEAD" else body)
                )
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self._open.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    def _find(self, key: str) -> Answer:
        for answers in self._known.values():
            if key in answers:
                return answers[key]
        return Answer(503, "text/plain", "")

    @staticmethod
    async def _discard_body(reader: asyncio.StreamReader, head: bytes) -> None:
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            while size := int((await reader.readline()).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            while (await reader.readline()).strip():
                continue
        left = int(fields.get(b"content-length", b"0"))
        while left > 0:
            left -= len(await reader.read(min(left, _LARGEST_HEAD))) or left
