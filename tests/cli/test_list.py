from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_lists_what_was_applied(standing: Project) -> None:
    status = standing.status()
    (line,) = [line for line in standing.run("list").out.splitlines() if line.startswith(status["deployment"])]
    assert "deployed" in line
    assert "r1" in line
    assert status["url"] in line
    listed = standing.run("list", "--json").last
    (entry,) = [one for one in listed["deployments"] if one["deployment"] == status["deployment"]]
    assert (entry["revision"], entry["cloud"], entry["changeable"]) == (1, "local", True)
    assert entry["checkout"] == str(standing.folder.resolve())
    assert listed["unreadable"] == []


def test_nothing_to_list(tmp_path: Path) -> None:
    project = Project(tmp_path, tmp_path / "home")
    project.write(hello("empty"))
    assert "Nothing is deployed from this machine" in project.run("list").out
    assert project.run("list", "--json").last == {"deployments": [], "unreadable": []}


def test_a_broken_state_is_named_beside_the_others(tmp_path: Path) -> None:
    broken = tmp_path / "home/deployments/broken-production-1-eu-west-1"
    broken.mkdir(parents=True)
    (broken / "state.json").write_text('{"format": 2, "deployment_id": ')
    project = Project(tmp_path, tmp_path / "home")
    (entry,) = project.run("list", "--json", code=ExitCode.INVALID).last["unreadable"]
    assert entry["file"] == str(broken / "state.json")
    told = project.run("list", code=ExitCode.INVALID)
    assert "hivemind adopt" in told.err
    assert "Nothing is deployed" not in told.out
