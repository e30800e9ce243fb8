"""The client of the load trials sees what a release can do to a request, and nothing where all is well."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

if TYPE_CHECKING:
    from benchmarks.load.client import Answered

pytestmark = pytest.mark.fast


class Application:
    """What is asked for, as the trial's application has it, with one fault. on_socket: how a socket ends."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.asked, self.enough = 0, asyncio.Event()
        self.app = web.Application(client_max_size=2**20)
        paths = {"/": self._page, "/long": self._long, "/slow": self._slow, "/events": self._events}
        self.app.add_routes([web.get(path, answer) for path, answer in paths.items()])
        self.app.add_routes([web.post("/rows", self._page), web.get("/socket", self._socket)])

    async def _page(self, request: web.Request) -> web.Response:
        self.asked += 1
        await request.read()
        if self.fault == "drops" and self.asked % 10 == 0:
            assert request.transport is not None
            request.transport.abort()
        if self.asked == 30:
            self.enough.set()
        if self.fault == "late" and self.asked == 10:
            await self.enough.wait()
        return web.Response(status=503 if self.fault == "refuses" and self.asked % 10 == 0 else 200)

    async def _long(self, request: web.Request) -> web.Response:
        return web.Response(body=b"x" * (100 if self.fault == "short" else 200_000))

    async def _slow(self, request: web.Request) -> web.Response:
        return web.Response(body=b"piece\n" * 10)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"data: there\n\n")
        await asyncio.sleep(0.2)
        if self.fault == "cut":
            assert request.transport is not None
            request.transport.abort()
        await answer.write_eof()
        return answer

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        await answer.send_str((await answer.receive()).data)
        if self.fault == "cut":
            assert request.transport is not None
            request.transport.abort()
        await answer.close(code=1001)
        return answer


@contextmanager
def served(application: Application) -> Iterator[str]:
    """The application's address."""
    addresses: queue.Queue[str] = queue.Queue()
    loop, ended = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(application.app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        addresses.put(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        yield addresses.get(timeout=10)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def asked(fault: str, until: int = 60) -> list[Answered]:
    from benchmarks.load.client import Traffic

    with served(Application(fault)) as url:
        traffic = Traffic(url, rate=300, sockets=1, streams=1)
        enough = threading.Event()
        with traffic.flowing():
            while not (traffic.requests >= until and {"socket", "stream"} <= {one.kind for one in traffic.answered}):
                enough.wait(0.01)
    return traffic.answered


@pytest.mark.parametrize(
    ("fault", "kinds", "wrong"),
    [
        ("none", set(), set()),
        ("drops", {"page", "fresh", "write"}, {"ServerDisconnectedError", "ClientOSError"}),
        ("refuses", {"page", "fresh", "write"}, {"status 503"}),
        ("short", {"long"}, {"100 bytes"}),
        ("cut", {"socket", "stream"}, {"ClientError", "ClientPayloadError"}),
    ],
)
def test_what_is_lost_is_seen_by_kind(fault: str, kinds: set[str], wrong: set[str]) -> None:
    answered = asked(fault)
    lost = [one for one in answered if one.wrong]
    assert {one.kind for one in lost} <= kinds
    assert bool(lost) is bool(kinds)
    assert {one.wrong.split(":")[0] for one in lost} <= wrong
    assert len({one.key for one in answered if one.key}) == sum(one.kind == "write" for one in answered)


def test_a_late_answer_holds_up_none_of_those_that_are_due_after_it() -> None:
    """The tenth request is answered when the thirtieth has come: a loop that waits for it would never send that."""
    answered = asked("late")
    assert not [one for one in answered if one.wrong]
    assert sum(one.kind in ("page", "fresh", "write") for one in answered) >= 30


def test_a_report_counts_losses_and_rows_that_are_not_there_once() -> None:
    from benchmarks.load.client import Answered
    from benchmarks.load.releasing import Done, Span
    from benchmarks.load.report import Report

    spans = (Span("build", "build web", 0, 10), Span("register", "traffic web", 10, 20))
    quick = [Answered("page", number / 10, 0.01) for number in range(200)]
    slow = [Answered("page", 15.0, 0.5) for _ in range(10)]
    rows = [Answered("write", 1.0, 0.01, key=key) for key in ("a", "b", "c")]
    failed = [Answered("write", 1.0, 0.01, "status 502", "d"), Answered("socket", 2.0, 3.0, "cut")]
    report = Report(
        10.0, [*quick, *slow, *rows, *failed], [Done("release", "2", 0, 20, spans)], Counter({"a": 1, "b": 2})
    )
    assert (report.requests, len(report.lost), report.wrong_rows) == (214, 2, ["b", "c"])
    assert not report.good
    assert report.p99(switching=False) == 0.01
    assert report.p99(switching=True) == 0.5
    text = "\n".join(report.lines())
    assert "214 requests at 10/s, 2 failed, hung or cut off" in text
    assert "3 rows accepted, 2 of them not there once" in text
    assert "p99 10 ms in a build, 500 ms in a switch (50.00 times)" in text


def test_rollbacks_are_spread_among_the_releases() -> None:
    from benchmarks.load.releasing import sequence

    words = list(sequence(6, 2))
    assert words == ["release", "release", "release", "rollback"] * 2
    assert Counter(sequence(60, 15)) == {"release": 60, "rollback": 15}
    assert list(sequence(2, 0)) == ["release"] * 2
