"""Commands as forks of a waiting process are what started programs are."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from hivemind.testing import warm
from hivemind.testing.commands import Forked
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not warm.available(), reason="only Linux has what forking needs")]


@pytest.fixture(params=[True, False], ids=["forked", "started"])
def project(request: pytest.FixtureRequest, tmp_path: Path, local_cloud: LocalCloudHome) -> Project:
    made = Project(tmp_path / "project", local_cloud.home, forked=request.param)
    made.write(hello("same"))
    return made


def test_output_code_and_errors(project: Project) -> None:
    shown = project.run("show")
    assert "same" in shown.out
    assert shown.err == ""
    project.write({"hivemind.yaml": "hivemind: 1\nname: [\n"})
    refused = project.run("validate", code=ExitCode.INVALID)
    assert "hivemind.yaml:" in refused.err + refused.out


def test_folder_variables_and_input_are_its_own(project: Project, tmp_path: Path) -> None:
    assert project.run("status", "--json").last == {"deployment": None}
    asked = project.run("apply", "--local", stdin="yes\n", code=ExitCode.REFUSED)
    assert "Cannot ask for approval: no terminal." in asked.err
    wide = Project(project.folder, project.home, {"COLUMNS": "44"}, forked=project.forked).run("--help").out
    assert max(map(len, wide.splitlines())) < max(map(len, project.run("--help").out.splitlines()))
    elsewhere = Project(tmp_path, project.home, forked=project.forked)
    assert elsewhere.run("validate", code=None).code != 0


def test_it_is_talked_to_as_a_started_program_is(project: Project) -> None:
    running = project.start("init", "--help")
    assert isinstance(running, Forked) == project.forked
    assert running.pid > 0
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "")
    assert "hivemind init" in out
    assert running.poll() == 0
    running.send_signal(signal.SIGINT)
    running.kill()
    assert running.wait() == 0, "what has ended is left alone"


def test_killed_it_says_so(project: Project) -> None:
    running = project.start("plan", "--json")
    running.kill()
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, out) == (-signal.SIGKILL, "")
