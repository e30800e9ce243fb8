"""The demo: a guestbook with PostgreSQL, from its folder to its end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hivemind.testing.project import Project, Ran
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
GREETING = json.dumps({"name": "Ada", "message": "kept in PostgreSQL"})


@pytest.fixture(scope="module")
def guestbook(lasting_project: Callable[..., Project], local_cloud: LocalCloudHome) -> Iterator[Project]:
    project = lasting_project(copy=BLUEPRINTS / "python-postgres")
    yield project
    local_cloud.end(project.folder)


@pytest.fixture(scope="module")
def applied(guestbook: Project) -> Ran:
    return guestbook.apply()


def test_every_line_is_json_and_the_last_says_what_it_came_to(applied: Ran) -> None:
    assert all(isinstance(line, dict) for line in applied.lines)
    assert applied.last["deployment"].startswith("guestbook-production-")
    assert applied.last["revision"] == "r1"
    assert applied.last["verdict"] == "good"
    assert applied.last["url"].startswith("http://127.0.0.1:")
    assert {"provision", "build", "deploy", "register", "verify"} <= applied.last["seconds"].keys()


def test_an_entry_comes_back_and_is_in_the_database(applied: Ran, guestbook: Project) -> None:
    written = guestbook.ask("POST", "/entries", body=GREETING, headers={"Content-Type": "application/json"})
    assert written.status == 201, written.text
    assert guestbook.get("/entries.json").json["entries"][0]["message"] == "kept in PostgreSQL"
    assert "kept in PostgreSQL" in guestbook.get("/").text
    assert [tuple(row) for row in rows(guestbook, "select name, message from entries")] == [
        ("Ada", "kept in PostgreSQL")
    ]


def test_the_checks_asked_the_application_and_the_database(applied: Ran, guestbook: Project) -> None:
    verdict = guestbook.run("verify", "--json").last
    assert verdict["verdict"] == "good"
    assert len(verdict["results"]) >= 2
    assert any("db" in result["name"] for result in verdict["results"])


def test_the_database_answers_nobody_but_its_instances(applied: Ran, guestbook: Project) -> None:
    status = guestbook.status()
    assert status["databases"] == {"DbDatabase": "available"}
    reached = guestbook.run("ssh", "printenv DATABASE_URL", code=None)
    assert "postgresql://" not in reached.out, "the environment file is the service's alone"


LOGIN = """
import os, pg8000.dbapi
names = ("PGUSER", "PGHOST", "PGDATABASE", "PGPORT", "PGPASSWORD")
connection = pg8000.dbapi.connect(*(os.environ[name] for name in names))
cursor = connection.cursor()
cursor.execute("select 6 * 7")
print(os.environ["PGHOST"], *cursor.fetchone())
raise SystemExit(9)
"""


def test_a_program_here_reaches_the_database_through_an_instance(applied: Ran, guestbook: Project) -> None:
    assert guestbook.run("proxy", "db", "--", sys.executable, "-c", LOGIN, code=9).out == "127.0.0.1 42\n"
    assert "Did you mean db?" in guestbook.run("proxy", "dbb", "true", code=ExitCode.NOT_FOUND).err
    assert "nothing-here" in guestbook.run("proxy", "db", "nothing-here", code=ExitCode.NOT_FOUND).err


def test_a_client_of_this_machine_opens_on_it(
    applied: Ran, guestbook: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "pgcli"
    client.write_text(f'#!/bin/sh\necho "$PGUSER@$PGHOST" "$@"\nexec {sys.executable} -c "$LOGIN"\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("LOGIN", LOGIN)
    assert guestbook.run("db", "-c", "select 1", code=9).out == "app@127.0.0.1 -c select 1\n127.0.0.1 42\n"
    assert guestbook.run("db", "db", code=9).out.startswith("app@127.0.0.1\n")


RESTORE = """
import os, sys, pg8000.dbapi
names = ("PGUSER", "PGHOST", "PGDATABASE", "PGPORT", "PGPASSWORD")
user, host, database, port, password = (os.environ[name] for name in names)
connection = pg8000.dbapi.connect(user, host, database, int(port), password, timeout=20)
connection.cursor().execute(sys.stdin.read())
connection.commit()
"""


def test_a_dump_is_restored_once_that_is_agreed_to(
    applied: Ran, guestbook: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PostgreSQL's own programs: those of the wheel have no TLS, and those of Debian are too old for its server.
    dumper = 'echo "create table kept as select 7 as n; -- $PGUSER $*"'
    for name, script in (("pg_dump", dumper), ("psql", f'exec {sys.executable} -c "$RESTORE"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("RESTORE", RESTORE)
    kept = tmp_path / "kept.sql"
    kept.write_text(guestbook.run("db", "dump").out)
    assert "-- app --clean --if-exists --no-owner" in kept.read_text()
    assert "Pass --yes: hivemind db --yes restore db" in guestbook.run("db", "restore", str(kept), code=5).err
    guestbook.run("db", "--yes", "restore", "db", str(kept))
    # It is in the database: a second table of that name is refused.
    assert '"kept" already exists' in guestbook.run("db", "restore", str(kept), "--yes", code=1).err
    kept.write_text("")
    assert "is empty" in guestbook.run("db", "restore", str(kept), code=ExitCode.USAGE).err
    assert "hivemind db restore [RESOURCE] FILE" in guestbook.run("db", "restore", code=ExitCode.USAGE).err


def test_a_second_apply_does_nothing_and_says_so(applied: Ran, guestbook: Project) -> None:
    again = guestbook.apply()
    assert again.last["changed"] is False
    assert again.last["revision"] == "r1"
    assert again.last["url"] == applied.last["url"]


def test_the_password_is_nowhere_on_disk_but_on_the_instance(
    applied: Ran, guestbook: Project, local_cloud: LocalCloudHome
) -> None:
    cloud = local_cloud.connect(guestbook.folder, "guestbook", "us-east-1")
    secrets = cloud.client("secretsmanager")
    listed = secrets.list_secrets()["SecretList"]
    password = json.loads(secrets.get_secret_value(SecretId=listed[0]["ARN"])["SecretString"])["password"]
    assert len(password) >= 16
    kept = [path for path in (local_cloud.directory / "deployments").rglob("*") if path.is_file()]
    assert any(path.name == "journal.jsonl" for path in kept)
    assert [path for path in kept if password.encode() in path.read_bytes()] == []


def rows(project: Project, query: str) -> list[list[object]]:
    """What the database itself answers, asked past the application, on the machine of the local cloud."""
    import pg8000.native

    cloud = LocalCloudHome(project.home).connect(project.folder, "guestbook", "us-east-1")
    stack = cloud.client("cloudformation").describe_stack_resources(StackName="guestbook-production")["StackResources"]
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in stack}
    secret = json.loads(
        cloud.client("secretsmanager").get_secret_value(SecretId=ids["DbDatabaseSecret"])["SecretString"]
    )
    found = cloud.client("rds").describe_db_instances(DBInstanceIdentifier=ids["DbDatabase"])["DBInstances"][0]
    name = found["DBName"]
    # One server a database; its folder carries the database's name.
    (pid_file,) = (
        file for file in (project.home / "local/postgres").rglob("postmaster.pid") if ids["DbDatabase"] in str(file)
    )
    port = int(pid_file.read_text().splitlines()[3])
    connection = pg8000.native.Connection(
        secret["username"], host="127.0.0.1", port=port, password=secret["password"], database=name
    )
    try:
        return [list(row) for row in connection.run(query)]
    finally:
        connection.close()
