"""`hivemind db`: which program of this machine is started for a resource, with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.cli.db_clients import CLIENTS, DUMPERS, RESTORERS, Programs, started_with
from hivemind.pipeline import Way
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast
LOGIN = {"HOST": "127.0.0.1", "PORT": "33061", "USER": "app", "PASSWORD": "pa55", "DATABASE": "shop"}


def way(kind: str) -> Way:
    prefix = "PG" if kind == "postgres" else "MYSQL_"
    variables = {prefix + name: value for name, value in LOGIN.items()}
    return Way("shop-production", "db", kind, 33061, variables | {"REDIS_URL": "redis://127.0.0.1:1"}, {})


def chosen(monkeypatch: pytest.MonkeyPatch, folder: Path, programs: Programs, kind: str, *there: str) -> list[str]:
    for name in there:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    command, variables = started_with(programs, way(kind))
    assert not any("pa55" in word for word in command), "everybody here can list arguments"
    assert variables["MYSQL_PWD" if kind in ("mysql", "mariadb") else "PGPASSWORD"] == "pa55"
    return [command[0].rpartition("/")[2], *command[1:]]


@pytest.mark.parametrize(
    ("kind", "there", "first"),
    [
        ("mysql", ("mysql", "mariadb"), "mysql"),
        ("mysql", ("mariadb",), "mariadb"),
        ("mariadb", ("mysql", "mariadb"), "mariadb"),
        ("mariadb", ("mysql",), "mysql"),
    ],
)
def test_clients_of_mysql_log_in_by_the_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, there: tuple[str, ...], first: str
) -> None:
    program, *arguments = chosen(monkeypatch, tmp_path, CLIENTS, kind, *there)
    assert program == first
    assert {"--host=127.0.0.1", "--port=33061", "--user=app"} < set(arguments)
    assert arguments[-1] == "shop"
    assert ("--skip-ssl-verify-server-cert" in arguments) is (first == "mariadb")


@pytest.mark.parametrize(
    ("kind", "dumper", "restorer"),
    [("postgres", "pg_dump", "psql"), ("mysql", "mysqldump", "mysql"), ("mariadb", "mariadb-dump", "mariadb")],
)
def test_a_dump_replaces_tables_and_is_read_by_the_client(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, dumper: str, restorer: str
) -> None:
    program, *arguments = chosen(monkeypatch, tmp_path, DUMPERS, kind, dumper)
    assert program == dumper
    assert "--clean" in arguments if kind == "postgres" else "--single-transaction" in arguments
    assert chosen(monkeypatch, tmp_path, RESTORERS, kind, restorer)[0] == restorer


@pytest.mark.parametrize(
    ("programs", "kind", "said", "hint"),
    [
        (CLIENTS, "mysql", "this machine has no mariadb, mysql", "apt install default-mysql-client"),
        (CLIENTS, "mariadb", "this machine has no mariadb, mysql", "apt install mariadb-client"),
        (DUMPERS, "mariadb", "this machine has no mariadb-dump, mysqldump", "apt install mariadb-client"),
        (RESTORERS, "postgres", "this machine has no psql", "apt install postgresql-client"),
        (DUMPERS, "redis", "no program is known for redis", "hivemind proxy db"),
    ],
)
def test_what_is_missing_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, programs: Programs, kind: str, said: str, hint: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HiveMindError) as missing:
        started_with(programs, way(kind))
    assert said in missing.value.message
    assert hint in str(missing.value.hint)
    assert missing.value.exit_code is ExitCode.NOT_FOUND
