"""The MariaDB servers of the local cloud: real ones, where this machine has the program."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hivemind.local import mariadb
from hivemind.local.mariadb import MariaDb

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not mariadb.is_there(), reason="this machine has no MariaDB server"),
]


def ask(port: int, password: str, *statements: str) -> tuple[object, ...]:
    import pymysql

    connection = pymysql.connect(host="127.0.0.1", port=port, user="app", password=password, database="shop")
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()
        return cursor.fetchall()


@pytest.mark.stress
def test_a_server_keeps_its_data_and_leaves_a_snapshot(home_of_servers: Path) -> None:
    import pymysql

    async def life() -> None:
        servers = MariaDb(home_of_servers / "m")
        try:
            port = await servers.create("one", "app", "Pa%s'w\"ord1", "shop", None)
            await asyncio.to_thread(ask, port, "Pa%s'w\"ord1", "create table t (a int)", "insert into t values (7)")
            with pytest.raises(pymysql.err.MySQLError, match="Access denied"):
                await asyncio.to_thread(ask, port, "Pa%s'w\"ord1", "set global max_connections = 10")
            await servers.set_password("one", "app", "another-one")
            await servers.stop("one")
            port = await servers.start("one")
            assert await asyncio.to_thread(ask, port, "another-one", "select a from t") == ((7,),)
            await servers.snapshot("one", "kept.tar")
            await servers.remove("one")
            port = await servers.create("two", "app", "restored-1", "shop", "kept.tar")
            assert await asyncio.to_thread(ask, port, "restored-1", "select a from t") == ((7,),)
        finally:
            await servers.close()

    asyncio.run(life())
