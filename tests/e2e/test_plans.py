"""Reviewed is executed: saved plans, what refuses them, and what a plan is compared with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"


def test_a_saved_plan_is_carried_out_once(deployed: Project) -> None:
    (deployed.folder / ".gitignore").write_text("*.json\n")
    deployed.replace("app.py", 'VERSION = "1"', 'VERSION = "saved"')
    said = deployed.run("plan", "--local", "--out", "p.json").out
    assert "hivemind apply p.json" in said
    applied = deployed.run("apply", "--local", "p.json", "--json").last
    assert (applied["changed"], applied["verdict"]) == (True, "good")
    assert deployed.get().text.startswith("hello|saved|")

    late = deployed.run("apply", "--local", "p.json", "--json", code=ExitCode.CHANGED).last["error"]
    assert "changed since its review" in late["message"]
    assert deployed.status()["revision"] == applied["revision"]


@pytest.mark.stress
def test_what_changed_in_between_is_not_done(local_project: Callable[..., Project], tmp_path: Path) -> None:
    project = local_project(hello("between", more=SMALL))
    plan = str(tmp_path / "p.json")
    project.run("plan", "--local", "--out", plan)
    project.replace("hivemind.yaml", "    health: /health", "    health: /health\n    instances: 2")
    error = project.run("apply", "--local", plan, "--json", code=ExitCode.CHANGED).last["error"]
    assert "hivemind plan" in error["hint"]
    assert project.status() == {"deployment": None}

    project.run("plan", "--local", "--out", plan)
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    project.run("apply", "--local", plan, code=ExitCode.CHANGED)
    assert project.status() == {"deployment": None}


def test_a_plan_changed_by_hand_is_refused(local_project: Callable[..., Project], tmp_path: Path) -> None:
    project = local_project(hello("forged", more=SMALL))
    plan = tmp_path / "p.json"
    project.run("plan", "--local", "--out", str(plan))
    data = json.loads(plan.read_text())
    data["plan"]["releases"][0]["instances"] = 7
    plan.write_text(json.dumps(data))
    assert "H804" in project.run("apply", "--local", str(plan), code=ExitCode.INVALID).err
    assert project.status() == {"deployment": None}


@pytest.mark.stress
def test_with_nothing_there_every_basis_says_the_same(local_project: Callable[..., Project], tmp_path: Path) -> None:
    project = local_project(hello("digest", more=SMALL))
    apart = Project(project.folder, tmp_path / "home")
    without = apart.run("plan", "--local", "--json").last["plan"]
    live = project.run("plan", "--local", "--json").last["plan"]
    assert (without["basis"], live["basis"]) == ("none", "live")
    assert without["digest"] == live["digest"]
    assert not (tmp_path / "home/local/daemon.json").exists(), "a plan starts nothing"
    assert project.run("plan", "--local", "--json").last["plan"]["digest"] == live["digest"]


@pytest.mark.stress
def test_a_saved_plan_of_basis_none_is_applied_live(local_project: Callable[..., Project], tmp_path: Path) -> None:
    project = local_project(hello("basis", more=SMALL))
    plan = str(tmp_path / "p.json")
    Project(project.folder, tmp_path / "home").run("plan", "--local", "--out", plan)
    assert project.run("apply", "--local", plan, "--json").last["verdict"] == "good"
