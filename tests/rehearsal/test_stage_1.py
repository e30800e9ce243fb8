"""stage-1 with `network.ssh_from`: from nothing to r1, onwards, and back to nothing. Each test goes on from the one
before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from contents import client, contents
from faults import Fault

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from room import MachineRoom

pytestmark = [pytest.mark.rehearsal, pytest.mark.filterwarnings("default")]
MORE = """\
environments: {production: {stage: stage-1}}
network: {ssh_from: [10.0.0.0/16]}
tags: {team: shop}
"""
JOB = '  tick: {kind: job, on: web, schedule: "* * * * *", start: echo tick of $PORT}\n'
EXPIRED = "The security token included in the request is expired"
before: set[tuple[str, str]] = set()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage-1")


@pytest.fixture
def project(folder: Path, account: MachineRoom) -> Project:
    return Project(folder / "project", folder / "home", target=("--aws",), forked=False)


def test_the_first_apply_is_live(project: Project, account: MachineRoom) -> None:
    before.update(contents(account))
    project.write(hello("small", more=MORE))
    project.replace("hivemind.yaml", "services:\n", f"services:\n{JOB}")
    said = project.apply().last
    assert (said["revision"], said["verdict"], said["changed"], said["warnings"]) == ("r1", "good", True, {})
    assert project.get().text.startswith("hello|1|/|")
    assert account.calls.count("GET object") >= 1  # the instance fetched its release by a presigned address
    unit = project.run("ssh", "sudo", "systemd-analyze", "verify", "hivemind-web.service")
    assert "Unknown key" not in unit.out + unit.err, "systemd knows everything that the unit says"


def test_a_job_runs_now_and_by_its_timer(project: Project) -> None:
    ran = project.run("run", "--job", "tick")
    assert "tick of 8000" in ran.out
    timers = project.run("ssh", "systemctl", "list-timers", "--all", "--no-pager").out
    assert "tick" in timers, timers


def test_nothing_changes_twice(project: Project) -> None:
    said = project.apply().last
    assert (said["revision"], said["changed"]) == ("r1", False)
    assert project.status()["works"] is True


def test_changed_code_is_a_release(project: Project) -> None:
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    assert project.apply().last["revision"] == "r2"
    assert project.get().text.startswith("hello|2|")


def test_changed_tags_change_the_stack_in_place(project: Project, account: MachineRoom) -> None:
    machines = list(account.machines)
    project.replace("hivemind.yaml", "team: shop", "team: sales")
    said = project.apply().last
    assert (said["revision"], said["verdict"]) == ("r3", "good")
    assert list(account.machines) == machines
    filters = [{"Name": "resource-id", "Values": machines}, {"Name": "key", "Values": ["team"]}]
    tags = client(account, "ec2").describe_tags(Filters=filters)["Tags"]
    assert [tag["Value"] for tag in tags] == ["sales"]
    assert project.get().text.startswith("hello|2|")


def test_a_release_that_fails_leaves_the_old_one_serving(project: Project) -> None:
    project.replace("app.py", 'VERSION = "2"', 'VERSION = "broken"\nsys.exit("no licence")')
    ran = project.apply(code=None)
    assert ran.code == ExitCode.DEPLOY, ran
    assert "no licence" in ran.out
    assert project.get().text.startswith("hello|2|")
    project.replace("app.py", 'VERSION = "broken"\nsys.exit("no licence")', 'VERSION = "3"')
    assert project.apply().last["verdict"] == "good"
    assert project.get().text.startswith("hello|3|")


def test_a_token_that_expires_in_the_middle_ends_in_words_and_the_next_apply_goes_on(
    project: Project, account: MachineRoom
) -> None:
    project.replace("app.py", 'VERSION = "3"', 'VERSION = "4"')
    expired = Fault("DescribeTargetHealth", "ExpiredToken", EXPIRED, status=403, times=99)
    account.faults.append(expired)
    ran = project.apply(code=ExitCode.UNREACHABLE)
    assert expired.seen > 0
    assert "AWS does not accept these credentials" in ran.last["error"]["message"]
    assert "Log in again" in ran.last["error"]["hint"]
    account.faults.clear()
    assert project.apply().last["verdict"] == "good"
    assert project.get().text.startswith("hello|4|")


def test_throttled_calls_are_made_again(project: Project, account: MachineRoom) -> None:
    project.replace("app.py", 'VERSION = "4"', 'VERSION = "5"')
    limits = [
        Fault("DescribeStacks", "Throttling", "Rate exceeded", times=2),
        Fault("DescribeInstances", "RequestLimitExceeded", "Request limit exceeded.", status=503, times=1),
        Fault("DescribeTargetHealth", "Throttling", "Rate exceeded", times=1),
    ]
    account.faults += limits
    assert project.apply().last["verdict"] == "good"
    assert [fault.times for fault in limits] == [0, 0, 0]
    assert project.get().text.startswith("hello|5|")


def test_the_timer_has_started_the_job_meanwhile(project: Project) -> None:
    job = project.status()["jobs"]["tick"]
    clocked = [run for run in job["runs"] if run["scheduled"]]
    assert clocked, job
    assert {run["exit_code"] for run in clocked if run["ended"]} == {0}
    assert job["next"] is not None


def test_a_second_machine_goes_on_from_what_stands(project: Project, folder: Path) -> None:
    """With the same identity and a checkout, and nothing of the first one's home."""
    shutil.copytree(folder / "project", folder / "checkout", ignore=shutil.ignore_patterns(".hivemind"))
    other = Project(folder / "checkout", folder / "other-home", target=("--aws",), forked=False)
    other.replace("app.py", 'VERSION = "5"', 'VERSION = "6"')
    last = int(project.status()["revision"].removeprefix("r"))
    said = other.apply().last
    assert (said["revision"], said["verdict"]) == (f"r{last + 1}", "good")
    assert other.get().text.startswith("hello|6|")


def test_destroy_leaves_nothing(folder: Path, project: Project, account: MachineRoom) -> None:
    gone = project.run("destroy", "--yes", "--unprotect", "--json").last
    assert gone["left"] == []
    assert contents(account) - before == set()
    assert project.status() == {"deployment": None}
