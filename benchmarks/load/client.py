"""An open-loop client: requests begin when they are due, however long those before take.

A closed loop waits for each answer, and so asks less while answers are slow or missing; here latency counts from the
moment at which a request was due, which a user would feel.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

HANGS = 30.0
"""Seconds after which a request counts as hung."""
_ECHO = 10.0
_PROPER = (aiohttp.WSCloseCode.OK, aiohttp.WSCloseCode.GOING_AWAY)

WEIGHTS = {"page": 45, "fresh": 20, "write": 20, "long": 10, "slow": 5}
"""What is asked for, in per cent: a page on a connection that is kept, on a new one, a row to be written with a body of
up to 64 kB, an answer of 200 kB, one that takes a second."""


@dataclass(frozen=True)
class Answered:
    """One request, or one life of a socket or stream. due: seconds since the beginning. seconds: from then to the
    answer's end. wrong: empty where all was as it should be."""

    kind: str
    due: float
    seconds: float
    wrong: str = ""
    key: str = ""


@dataclass
class Traffic:
    """Requests at a rate, sockets and streams that are opened again whenever they end, in a thread of its own.

    url: of the application. rate: requests a second. sockets, streams: how many are open at once.
    """

    url: str
    rate: float
    sockets: int = 8
    streams: int = 8
    seed: int = 1
    answered: list[Answered] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _began: float = 0.0

    def now(self) -> float:
        """Seconds since the first request was due."""
        return time.monotonic() - self._began

    @property
    def requests(self) -> int:
        """Requests that have ended, without sockets and streams."""
        return sum(one.kind in WEIGHTS for one in self.answered)

    @contextlib.contextmanager
    def flowing(self) -> Iterator[Traffic]:
        """Asks for as long as the block takes, and waits then for what is under way."""
        self._began = time.monotonic()
        thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=HANGS)
        keeping = aiohttp.TCPConnector(limit=0)
        closing = aiohttp.TCPConnector(limit=0, force_close=True)
        async with (
            aiohttp.ClientSession(self.url, connector=keeping, timeout=timeout) as kept,
            aiohttp.ClientSession(self.url, connector=closing, timeout=timeout) as fresh,
        ):
            # Else a request that is lost on a connection that was kept is asked again, and nobody sees the loss.
            kept._retry_connection = fresh._retry_connection = False
            ended = asyncio.Event()
            lasting = [asyncio.ensure_future(self._again(self._socket, fresh, ended)) for _ in range(self.sockets)]
            lasting += [asyncio.ensure_future(self._again(self._stream, fresh, ended)) for _ in range(self.streams)]
            await self._arrivals(kept, fresh)
            ended.set()
            await asyncio.gather(*lasting)

    async def _arrivals(self, kept: aiohttp.ClientSession, fresh: aiohttp.ClientSession) -> None:
        chance = random.Random(self.seed)
        asking: set[asyncio.Task[None]] = set()
        number = 0
        while not self._ended.is_set():
            due = number / self.rate
            if (wait := due - self.now()) > 0:
                await asyncio.sleep(wait)
            (kind,) = chance.choices([*WEIGHTS], [*WEIGHTS.values()])
            session = fresh if kind == "fresh" else kept
            task = asyncio.create_task(self._ask(kind, due, f"{self.seed}-{number}", chance.randrange(65_536), session))
            asking.add(task)
            task.add_done_callback(asking.discard)
            number += 1
        await asyncio.gather(*asking)

    async def _ask(self, kind: str, due: float, key: str, size: int, session: aiohttp.ClientSession) -> None:
        wrong = ""
        try:
            if kind == "write":
                async with session.post("/rows", params={"id": key}, data=b"b" * size) as answer:
                    await answer.read()
            else:
                path = {"long": "/long", "slow": "/slow?seconds=1"}.get(kind, "/")
                async with session.get(path) as answer:
                    body = await answer.read()
                if answer.status == 200 and len(body) != {"long": 200_000, "slow": 60}.get(kind, len(body)):
                    wrong = f"{len(body)} bytes"
            if answer.status not in (200, 201):
                wrong = f"status {answer.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            wrong = _named(error)
        self.answered.append(Answered(kind, due, self.now() - due, wrong, key if kind == "write" else ""))

    async def _again(
        self,
        live: Callable[[aiohttp.ClientSession, asyncio.Event], Coroutine[Any, Any, None]],
        session: aiohttp.ClientSession,
        ended: asyncio.Event,
    ) -> None:
        kind = live.__name__.removeprefix("_")
        while not ended.is_set():
            began, wrong = self.now(), ""
            try:
                await live(session, ended)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                wrong = _named(error)
                await asyncio.sleep(0.1)
            self.answered.append(Answered(kind, began, self.now() - began, wrong))

    @staticmethod
    async def _socket(session: aiohttp.ClientSession, ended: asyncio.Event) -> None:
        """A socket's life: a word each half second comes back, until the other side closes it properly."""
        async with session.ws_connect("/socket", timeout=aiohttp.ClientWSTimeout(ws_close=_ECHO)) as socket:
            while not ended.is_set():
                with contextlib.suppress(ConnectionResetError):  # it is being closed; how, the next message says
                    await socket.send_str("word")
                message = await socket.receive(_ECHO)
                if message.type is aiohttp.WSMsgType.CLOSE and message.data in _PROPER:
                    return
                if message.data != "word":
                    raise aiohttp.ClientError(f"socket: {message.type.name} {message.data}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), 0.5)

    @staticmethod
    async def _stream(session: aiohttp.ClientSession, ended: asyncio.Event) -> None:
        """A stream's life: something comes all the time, until the other side ends it properly."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_ECHO)
        async with session.get("/events", timeout=timeout) as answer:
            answer.raise_for_status()
            async for _ in answer.content:
                if ended.is_set():
                    return


def _named(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "hung"
    status = getattr(error, "status", None)
    return f"status {status}" if status else f"{type(error).__name__}: {error}"[:120]
