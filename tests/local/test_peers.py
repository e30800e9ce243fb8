"""Whose process is at the other end: ours, or another user's."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import Any

import pytest
from strangers import STRANGER, as_stranger, exchange

from hivemind.local import peers
from hivemind.local.edge import Front, Relay, dial

pytestmark = pytest.mark.fast
linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@linux
@pytest.mark.parametrize("ask", [peers._asked, peers._looked_up], ids=["asked", "looked up"])
def test_the_owner_of_a_connection_is_told_in_both_ways(ask: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            assert ask(client.getsockname(), accepted.getsockname()) == os.geteuid()
            assert ask(("127.0.0.1", 1), accepted.getsockname()) is None
            assert peers.is_ours(accepted)


@root
@linux
@pytest.mark.parametrize("ask", [peers._asked, peers._looked_up], ids=["asked", "looked up"])
def test_another_users_is_told_from_ours(ask: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        def owner() -> Any:
            with socket.create_connection(address) as client:
                connection, _ = server.accept()
                with connection:
                    return [ask(client.getsockname(), address), peers.is_ours(connection), os.geteuid()]

        assert as_stranger(owner) == [STRANGER, True, STRANGER]


@root
def test_a_front_serves_this_users_processes_alone() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what is behind")
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        behind = server.sockets[0].getsockname()[:2]
        front = Front(Relay(lambda: dial(*behind), lambda _: None, lambda _: None, peers.is_ours))
        await front.set(True)
        address = front.address
        assert await asyncio.to_thread(exchange, address, "x") == "what is behind"
        assert await asyncio.to_thread(as_stranger, lambda: exchange(address, "x")) == "ConnectionResetError"
        front.cut()
        server.close()

    asyncio.run(main())


@linux
def test_a_unix_socket_with_a_long_path_is_reached(tmp_path: Any) -> None:
    folder = tmp_path.joinpath(*["folder-with-a-long-name"] * 8)
    folder.mkdir(parents=True)

    async def main() -> str:
        held = os.open(folder, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{held}/socket")
            server.listen()
            with await dial(str(folder / "socket"), 0) as client, server.accept()[0] as accepted:
                accepted.sendall(b"hello")
                return client.recv(5).decode()

    assert asyncio.run(main()) == "hello"
