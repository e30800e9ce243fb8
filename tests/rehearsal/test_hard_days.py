"""What happens to a machine with systemd: its application crashes, it boots again, its disk and its memory are full,
its SSH is slow, its power goes in the middle of a release. Each test goes on from the one before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from contents import contents

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from machines import Machine
    from room import MachineRoom

pytestmark = [pytest.mark.rehearsal, pytest.mark.filterwarnings("default")]
MORE = """\
environments: {production: {stage: stage-1}}
network: {ssh_from: [10.0.0.0/16]}
"""
PID = ("ssh", "systemctl", "show", "--property=MainPID", "--value", "hivemind-web.service")
before: set[tuple[str, str]] = set()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hard-days")


@pytest.fixture
def project(folder: Path, account: MachineRoom) -> Project:
    return Project(folder / "project", folder / "home", target=("--aws",), forked=False)


@pytest.fixture
def machine(account: MachineRoom) -> Machine:
    (found,) = account.machines.values()
    return found


def wait(until: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def serves(project: Project, version: str) -> bool:
    """Whether the load balancer answers with a version."""
    return project.get().text.startswith(f"hello|{version}|")


def release(project: Project, version: str) -> None:
    """Changes the code's version."""
    application = project.folder / "app.py"
    lines = application.read_text().splitlines()
    lines[2] = f'VERSION = "{version}"'
    application.write_text("\n".join(lines) + "\n")


def test_an_application_that_is_killed_is_started_again(project: Project, account: MachineRoom) -> None:
    before.update(contents(account))
    project.write(hello("hard", more=MORE))
    assert project.apply().last["verdict"] == "good"
    killed = project.run(*PID).out
    project.run("ssh", "sudo", "kill", "-9", killed.strip())
    wait(lambda: project.run(*PID).out not in (killed, "0\n") and serves(project, "1"), "another process serves")


def test_a_machine_that_boots_again_serves_what_it_served(project: Project, machine: Machine) -> None:
    project.run("ssh", "sudo", "systemctl", "reboot", code=None)
    wait(lambda: machine.has_ended, "the machine goes down")
    assert not serves(project, "1")
    machine.start()
    wait(lambda: serves(project, "1"), "it serves again")
    assert project.status()["works"] is True
    assert project.apply().last["changed"] is False


def test_releases_and_rollbacks_go_on_after_it(project: Project) -> None:
    release(project, "2")
    assert project.apply().last["verdict"] == "good"
    assert serves(project, "2")
    back = project.run("rollback", "--yes", "--json").last
    assert back["verdict"] == "good"
    assert serves(project, "1")
    assert project.apply().last["verdict"] == "good"
    assert serves(project, "2")


def test_a_full_disk_ends_a_release_in_words_and_the_one_before_serves(project: Project) -> None:
    project.run("ssh", "sudo dd if=/dev/zero of=/var/fill bs=1M 2>/dev/null; sync", code=None)
    release(project, "3")
    ran = project.apply(code=None)
    assert ran.code == ExitCode.DEPLOY, ran
    assert "No space left on device" in ran.out
    assert serves(project, "2")
    project.run("ssh", "sudo rm /var/fill")
    assert project.apply().last["verdict"] == "good"
    assert serves(project, "3")


def test_an_application_that_needs_more_memory_than_there_is_is_said_to(project: Project, machine: Machine) -> None:
    if not machine.limit_memory(150 << 20):
        pytest.skip("the kernel has no memory controller that a machine could be given")
    release(project, '4"; EATEN = bytearray(600_000_000); EATEN[::4096] = b"x" * len(EATEN[::4096]); _ = "')
    ran = project.apply(code=None)
    machine.limit_memory(None)
    assert ran.code == ExitCode.DEPLOY, ran
    assert "by signal SIGKILL" in ran.last["error"]["message"]
    assert "memory" in ran.last["error"]["message"]
    assert serves(project, "3")


def test_a_slow_ssh_takes_longer_and_nothing_else(project: Project) -> None:
    project.run("ssh", "echo 'sleep 1' | sudo tee /etc/ssh/sshrc")
    release(project, "5")
    assert project.apply().last["verdict"] == "good"
    assert serves(project, "5")
    project.run("ssh", "sudo rm /etc/ssh/sshrc")


def test_power_that_goes_in_the_middle_ends_the_release_and_the_next_apply_goes_on(
    project: Project, machine: Machine
) -> None:
    project.replace("hivemind.yaml", "    port", "    release: touch /tmp/begun && sleep 60\n    port")
    release(project, "6")
    running = project.start("apply", "--aws", "--yes", "--json")
    try:
        wait(lambda: project.run("ssh", "ls", "/tmp", code=None).out.count("begun") == 1, "the release command runs")
        machine.cut()
        out, err = running.communicate(timeout=150)
    finally:
        running.kill()
    assert running.returncode == ExitCode.DEPLOY, out + err
    error = json.loads(out.splitlines()[-1])["error"]
    assert f"cannot reach {machine.name} by SSH" in error["message"], error
    machine.start()
    wait(lambda: serves(project, "5"), "it serves what it served")
    project.replace("hivemind.yaml", "sleep 60", "sleep 0")
    assert project.apply().last["verdict"] == "good"
    assert serves(project, "6")


def test_destroy_leaves_nothing(project: Project, account: MachineRoom) -> None:
    gone = project.run("destroy", "--yes", "--unprotect", "--json").last
    assert gone["left"] == []
    assert contents(account) - before == set()
