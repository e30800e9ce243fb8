"""A proxy before an AWS endpoint that counts calls, the same way for every tool. Requests pass as they were signed."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


class _Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: ClassVar[tuple[str, int]]
    calls: ClassVar[Counter[str]]
    times: ClassVar[list[tuple[float, str]]]

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        found = ACTION.search(body)
        name = found[1].decode() if found else self.headers.get("x-amz-target", f"{self.command} {self.path}")
        name = name.rpartition(".")[2]
        self.calls[name] += 1
        self.times.append((time.monotonic(), name))
        upstream = http.client.HTTPConnection(*self.target, timeout=120)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP}
        # Of a proxy the whole address is asked.
        path = self.path.removeprefix(f"http://{self.headers['host']}")
        upstream.request(self.command, path, body, {**headers, "Host": self.headers["host"]})
        answer = upstream.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in HOP | {"content-length"}:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        upstream.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _forward  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Says nothing: the table is the output."""


@contextmanager
def counting(endpoint: str, times: list[tuple[float, str]] | None = None) -> Iterator[tuple[str, Counter[str]]]:
    """A proxy for `HTTP_PROXY` that knows `endpoint` alone, and the calls made through it so far, by operation.

    times: takes each call's time, in seconds of a monotonic clock, and its operation.
    """
    where = urlsplit(endpoint)
    calls: Counter[str] = Counter()
    kept: list[tuple[float, str]] = [] if times is None else times
    handler = type("Counting", (_Counting,), {"target": (where.hostname, where.port), "calls": calls, "times": kept})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", calls
    finally:
        server.shutdown()
        server.server_close()
