"""Data that lasts, as the installer keeps it for a service that runs."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from host_artifacts import APPLICATION
from host_instances import Instance

pytestmark = pytest.mark.slow

COUNTING = (
    "import sqlite3, os\n"
    "db = sqlite3.connect('notes.db'); db.execute('CREATE TABLE IF NOT EXISTS n (x)')\n"
    "db.execute('INSERT INTO n VALUES (1)'); db.commit()\n"
    "os.environ['GREETING'] = str(db.execute('SELECT count(*) FROM n').fetchone()[0])\n"
)


@pytest.fixture
def counting(instance: Instance) -> Any:
    """Requests for an application that counts its starts in a SQLite file beside its code."""

    def request(name: str, **more: Any) -> dict[str, Any]:
        files = {"app/main.py": f"# {name}\n{COUNTING}{APPLICATION}", "manifest.json": "{}"}
        return instance.request(name, files=files, **more)

    return request


def test_sqlite_survives_releases(instance: Instance, counting: Any) -> None:
    instance.install(counting("r1"))
    instance.install(counting("r2"))
    assert instance.get() == "1", "without `data`, each release begins anew"
    steps = instance.install(counting("r3", data=["notes.db"]))
    assert any("notes.db last; taken over from r2: notes.db" in step["message"] for step in steps)
    assert instance.get() == "2"
    instance.install(
        counting("r4", data=["notes.db"], release_command=f"{sys.executable} -c 'open(\"notes.db\").close()'")
    )
    assert instance.get() == "3"
    instance.call("rollback", "web", "r3")
    assert instance.get() == "4"


def test_a_wrong_path_is_refused(instance: Instance, counting: Any) -> None:
    for path in ("../x", "/etc", "", "a/../../b"):
        assert instance.install(counting("r1", data=[path]))[-1]["message"] == "the request has an invalid value: data"
