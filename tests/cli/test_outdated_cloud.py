"""A local cloud that was started before an upgrade says so, where one looks and where one uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hivemind.local import code
from hivemind.local.files import RECORD, read_json, write_json
from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.slow


@pytest.fixture
def old(local_cloud: LocalCloudHome) -> Iterator[None]:
    """The session's local cloud, as if it had been started by an earlier version."""
    file = local_cloud.running.directory / RECORD
    record: dict[str, Any] = read_json(file, {})
    assert record["code"] == code.present()
    write_json(file, {**record, "code": {**record["code"], "version": "0.0.1"}})
    yield
    write_json(file, record)


def test_status_and_apply_say_what_to_do(standing: Project, old: None) -> None:
    del old
    said = standing.run("local", "status").out
    assert "HiveMind 0.0.1" in said
    assert "hivemind local stop && hivemind local start" in said
    assert "0.0.1" in standing.run("local", "status", "--json").last["outdated"]
    warned = standing.apply().err
    assert warned.count("warning: the local cloud runs an older version") == 1
    assert "hivemind local stop && hivemind local start" in warned


def test_one_of_this_code_says_nothing(standing: Project) -> None:
    assert "code " not in standing.run("local", "status").out
    assert standing.run("local", "status", "--json").last["outdated"] is None
    assert "old code" not in standing.apply().err
