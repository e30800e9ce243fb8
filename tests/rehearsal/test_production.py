"""production: private instances behind an EC2 Instance Connect Endpoint, a protected database. Each test goes on from
the one before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from contents import client, contents

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from room import MachineRoom

pytestmark = [pytest.mark.rehearsal, pytest.mark.filterwarnings("default")]
MORE = """\
resources: {db: {type: postgres, deletion_protection: true}}
"""
LATE = float(os.environ.get("HIVEMIND_REHEARSAL_CONSOLE", "8"))
"""Seconds after which a console shows anything; on AWS up to some minutes."""
before: set[tuple[str, str]] = set()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("production")


@pytest.fixture
def project(folder: Path, account: MachineRoom) -> Project:
    return Project(folder / "project", folder / "home", target=("--aws",), forked=False)


def test_a_late_console_is_waited_for_and_private_instances_are_reached_by_tunnel(
    project: Project, account: MachineRoom
) -> None:
    before.update(contents(account))
    account.tunnels.opened.clear()
    account.console_delay = LATE
    project.write(hello("shop", service="instances: 2\nneeds: [db]", more=MORE))
    said = project.apply().last
    assert (said["revision"], said["verdict"], said["warnings"]) == ("r1", "good", {})
    assert project.get().text.startswith("hello|1|/|")
    assert [machine.public for machine in account.machines.values()] == ["", ""]
    assert {one["privateIpAddress"] for one in account.tunnels.opened} == {
        machine.private for machine in account.machines.values()
    }
    assert account.tunnels.refused == []


def test_changed_code_goes_through_the_tunnel(project: Project, account: MachineRoom) -> None:
    opened = len(account.tunnels.opened)
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    assert project.apply().last["revision"] == "r2"
    assert len(account.tunnels.opened) > opened
    assert {project.get().text.split("|")[1] for _ in range(4)} == {"2"}


def test_destroy_asks_before_it_touches_what_is_protected(project: Project, account: MachineRoom) -> None:
    standing = contents(account)
    ran = project.run("destroy", "--yes", "--json", code=ExitCode.REFUSED)
    assert "--unprotect" in ran.last["error"]["hint"]
    assert contents(account) == standing
    assert project.get().text.startswith("hello|2|")


def test_destroy_unprotected_leaves_nothing_but_the_snapshot(project: Project, account: MachineRoom) -> None:
    databases = client(account, "rds").describe_db_instances()["DBInstances"]
    assert [one["DeletionProtection"] for one in databases] == [True]
    gone = project.run("destroy", "--yes", "--unprotect", "--json").last
    assert gone["left"] == []
    left = contents(account) - before
    assert {kind for kind, _ in left} == {"DBSnapshots"}
    assert {name for _, name in left} == set(gone["snapshots"])
    assert project.status() == {"deployment": None}
