"""What crosses the edge of an instance's network, and what doesn't."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import socket
from pathlib import Path

import pytest
from stage import ACCOUNT, GROUPS, REGION, SSH, get, instance, login, running, serve, until

from hivemind.local import edge
from hivemind.local.edge import Front, Relay, dial
from hivemind.local.instances import Instances
from hivemind.local.model import Database, RegionView, Rule
from hivemind.local.outlets import outlets
from hivemind.local.security import OPERATOR, Caller

slow = pytest.mark.slow
BALANCER = Caller("load-balancer", ("sg-lb",))


@pytest.fixture
def namespaces(tmp_path: Path) -> None:
    async def mode() -> tuple[str, str | None]:
        instances = Instances(tmp_path / "trial", lambda *_: None)
        return instances.mode, instances.reason

    found, reason = asyncio.run(mode())
    if found != "namespaces":
        pytest.skip(f"no namespaces here: {reason}")


async def _front(server: asyncio.Server) -> tuple[Front, Relay]:
    """A front to a server of this machine."""
    address = server.sockets[0].getsockname()[:2]
    relay = Relay(lambda: dial(*address), lambda _: None, lambda _: None)
    front = Front(relay)
    front.open()
    return front, relay


def test_half_close_and_big_bodies_both_ways() -> None:
    body = os.urandom(5_000_000)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = await reader.read(-1)
        writer.write(received[::-1])
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        front, relay = await _front(server)
        reader, writer = await asyncio.open_connection(*front.address)
        writer.write(body)
        writer.write_eof()
        assert await reader.read(-1) == body[::-1]
        writer.close()
        await until(lambda: not relay.connections)
        front.cut()
        server.close()

    asyncio.run(main())


def test_small_messages_are_not_held_back() -> None:
    """Without TCP_NODELAY on every hop, each SSH command takes 40 ms longer."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"!")
        await reader.read(-1)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(hold, "127.0.0.1", 0)
        front, relay = await _front(server)
        reader, writer = await asyncio.open_connection(*front.address)
        await reader.readexactly(1)
        (end,) = relay.connections
        for one in (end, end.twin):
            assert one is not None
            assert one.transport is not None
            assert one.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()
        await until(lambda: not relay.connections)
        front.cut()
        server.close()

    asyncio.run(main())


def test_a_slow_reader_holds_the_writer_back() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        try:
            while sent < 200_000_000:
                writer.write(b"x" * 100_000)
                sent += 100_000
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        front, _ = await _front(server)
        reader, writer = await asyncio.open_connection(*front.address, limit=1000)
        await reader.readexactly(1)
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.2)
        assert sent < 100_000_000
        writer.transport.abort()
        front.cut()
        server.close()

    asyncio.run(main())


def test_a_refused_far_end_resets_and_shutting_refuses() -> None:
    async def main() -> None:
        relay = Relay(lambda: dial("127.0.0.1", 1), lambda _: None, lambda _: None)
        front = Front(relay)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*front.address)
        await front.set(True)
        reader, writer = await asyncio.open_connection(*front.address)
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()
        await front.set(False)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*front.address)
        front.cut()
        socket.create_server(front.address).close()

    asyncio.run(main())


def test_more_connections_than_the_cap_are_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "CONNECTIONS", 3)

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"!")
        await reader.read(-1)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(hold, "127.0.0.1", 0)
        front, relay = await _front(server)
        held = [await asyncio.open_connection(*front.address) for _ in range(3)]
        for reader, _ in held:
            assert await reader.readexactly(1) == b"!"
        reader, writer = await asyncio.open_connection(*front.address)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        for one in (writer, *(writer for _, writer in held)):
            one.close()
        await until(lambda: not relay.connections)
        front.cut()
        server.close()

    asyncio.run(main())


@slow
def test_security_groups_open_and_shut_a_running_application(tmp_path: Path, namespaces: None) -> None:
    region = RegionView(instances=(instance(5),), groups=GROUPS)
    one = region.instances[0]

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            await serve(instances, one)
            front = instances.front(one.id, 8000, BALANCER)
            assert (await get(front))[0] == 200
            with pytest.raises(ConnectionRefusedError):
                await get(instances.front(one.id, 8000, OPERATOR))
            await instances.update(dataclasses.replace(region, groups={"sg-app": (SSH,)}))
            with pytest.raises(ConnectionRefusedError):
                await get(front)
            await instances.update(region)
            assert (await get(front))[0] == 200

    asyncio.run(main())


@slow
def test_an_application_on_loopback_only_is_not_reached(tmp_path: Path, namespaces: None) -> None:
    region = RegionView(instances=(instance(5),), groups=GROUPS)
    one = region.instances[0]

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            await serve(instances, one, bind="127.0.0.1")
            with pytest.raises(ConnectionError):
                await get(instances.front(one.id, 8000, BALANCER))

    asyncio.run(main())


@slow
def test_the_database_is_reached_where_its_groups_allow_it(tmp_path: Path, namespaces: None) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"database")
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        database = Database("db", ACCOUNT, REGION, "10.0.9.9", 5432, ("sg-db",), host, port)
        groups = {**GROUPS, "sg-db": (Rule("tcp", 5432, 5432, group="sg-app"),)}
        region = RegionView(
            instances=(instance(5), instance(6, groups=("sg-x",))), databases=(database,), groups=groups
        )
        one = region.instances[0]
        ask = "import socket; print(socket.create_connection(('10.0.9.9', 5432), 3).makefile().read())"
        async with running(tmp_path, region) as instances, login(instances, one) as ssh:
            assert (await ssh.run(f'python3 -c "{ask}"')).stdout == "database\n"
            await instances.update(dataclasses.replace(region, groups=GROUPS))
            assert "Error" in str((await ssh.run(f'python3 -c "{ask}"')).stderr)
            await instances.update(region)
            assert (await ssh.run(f'python3 -c "{ask}"')).stdout == "database\n"
        server.close()

    asyncio.run(main())


@slow
def test_one_instance_reaches_another_where_groups_allow_it(tmp_path: Path, namespaces: None) -> None:
    groups = {**GROUPS, "sg-api": (SSH, Rule("tcp", 9000, 9000, group="sg-app"))}
    region = RegionView(instances=(instance(5), instance(6, groups=("sg-api",))), groups=groups)
    web, api = region.instances

    async def main() -> None:
        async with running(tmp_path, region) as instances:
            await serve(instances, api, "api", port=9000)
            async with login(instances, web) as ssh:
                ask = f"import urllib.request as u; print(u.urlopen('http://{api.address}:9000/x').read().decode())"
                assert str((await ssh.run(f'python3 -c "{ask}"')).stdout).startswith("api|/x|")
            async with login(instances, api) as ssh:
                back = await ssh.run(
                    f"python3 -c \"import socket; socket.create_connection(('{web.address}', 8000), 3)\""
                )
                assert "OSError" in str(back.stderr) or "ConnectionRefusedError" in str(back.stderr)

    asyncio.run(main())


@pytest.mark.fast
def test_no_outlet_takes_a_port_of_the_instances_own() -> None:
    groups = {"sg-app": (Rule("tcp", 8000, 8000, group="sg-app"), Rule("tcp", 9100, 9100, group="sg-app"))}
    region = RegionView(instances=(instance(5), instance(6)), groups=groups)
    assert list(outlets(region, region.instances[0])) == []


@pytest.mark.fast
def test_outlets_stay_in_their_account_and_region() -> None:
    open_ = {"sg-db": (Rule("tcp", 5432, 5432, cidr="0.0.0.0/0"),)}
    database = Database("db", ACCOUNT, REGION, "10.0.9.9", 5432, ("sg-db",), "127.0.0.1", 1)
    near = RegionView(databases=(database,), groups=open_)
    assert [outlet.address for outlet in outlets(near, instance(5))] == ["10.0.9.9"]
    far = RegionView(databases=(dataclasses.replace(database, account="000000000001"),), groups=open_)
    assert list(outlets(far, instance(5))) == []
