"""The probe against real servers: HTTP on loopback, PostgreSQL through an SSH server."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from hivemind.checks.probe import CloudProbe
from hivemind.hosts.ssh import Host
from hivemind.releases.release import ServiceRelease
from hivemind.testing import release
from hivemind.values.cloud import WebAddress
from hivemind.values.errors import Stage, StageError

pytestmark = pytest.mark.slow


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/junk":
            self.wfile.write(b"this is not HTTP\r\n\r\n")
            return
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Type", "text/plain; charset=latin-1")
        self.end_headers()
        self.wfile.write(f"{self.headers['Host']} grüßt {self.path}".encode("latin-1"))
        if self.path == "/large":
            self.wfile.write(b"x" * 2_000_000)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[WebAddress]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield WebAddress("http://shop.localhost:1", ("127.0.0.1", server.server_port), "shop.localhost:1")
        server.shutdown()
        thread.join(10)


def no_host(_: str) -> Host:
    raise StageError(Stage.DEPLOY, "cannot reach i-1 by SSH: refused")


def probe(address: WebAddress, host: str | None = None) -> CloudProbe:
    web = ServiceRelease("web", "web", address.base, host, "/", ("i-1",), "a", needs=("db",))
    return CloudProbe(
        release(services=(web,)),
        addresses={"web": address},
        connect=no_host,
        logins=lambda _: 1 / 0,
        caches=lambda _: 1 / 0,
        questions=lambda *_: 1 / 0,
    )  # type: ignore[arg-type,return-value]


def test_a_page_with_the_host_that_is_meant(address: WebAddress) -> None:
    response = probe(address).http("web", "/a?b=1")
    assert (response.status, response.body) == (200, "shop.localhost:1 grüßt /a?b=1")
    assert response.url == "http://shop.localhost:1/a?b=1"
    assert response.milliseconds > 0
    assert probe(address, "www.example.com").http("web", "/").body == "www.example.com grüßt /"


def test_redirects_are_not_followed(address: WebAddress) -> None:
    response = probe(address).http("web", "/moved")
    assert (response.status, response.headers["location"]) == (302, "/elsewhere")


def test_bodies_are_bounded(address: WebAddress) -> None:
    assert len(probe(address).http("web", "/large").body) == 1_000_000


def test_no_answers(address: WebAddress) -> None:
    with pytest.raises(OSError, match="not HTTP"):
        probe(address).http("web", "/junk")
    gone = WebAddress("http://x", ("127.0.0.1", 1), "x")
    with pytest.raises(ConnectionRefusedError):
        probe(gone).http("web", "/")
    with pytest.raises(OSError, match="cannot reach"):
        probe(address).run("web", "true")
    with pytest.raises(OSError, match="cannot reach"):
        probe(address).query("db", "select 1")
    with pytest.raises(OSError, match="cannot reach"):
        probe(address).ping("db")


def test_what_the_release_does_not_have(address: WebAddress) -> None:
    with pytest.raises(LookupError, match="service api has no public address"):
        probe(address).http("api", "/")
    with pytest.raises(LookupError, match="no service with an instance needs cache"):
        probe(address).query("cache", "select 1")
