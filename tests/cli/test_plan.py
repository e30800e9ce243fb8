from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_nothing_changes(standing: Project) -> None:
    said = standing.run("plan").out
    assert "Nothing changes." in said
    assert "basis: live" in said
    assert "→" not in said, "no revision would be made"


def test_what_would_change(standing: Project) -> None:
    blueprint = (standing.folder / "hivemind.yaml").read_text()
    try:
        standing.replace("hivemind.yaml", "instances: 2", "instances: 1")
        said = standing.run("plan").out
        plan = standing.run("plan", "--json").last
    finally:
        standing.write({"hivemind.yaml": blueprint})
    assert "r1 → r2" in said
    assert "WebInstance2" in said
    assert plan["empty"] is False
    deleted = [one["logical_id"] for one in plan["plan"]["changes"] if one["action"] == "delete"]
    assert deleted == ["WebInstance2"]


def test_a_plan_needs_no_cloud(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", tmp_path / "home", target=())
    project.write(hello("apart"))
    said = project.run("plan").out
    assert "basis: none" in said
    assert "r1" in said
    assert not (tmp_path / "home/local").exists()
    with_file = project.run("plan", "--out", "nowhere/p.json", code=ExitCode.NOT_FOUND)
    assert "nowhere/p.json" in with_file.err
