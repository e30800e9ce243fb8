"""A deployment without an earlier good revision is taken back; one that has one is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
BROKEN = 'release: "echo no table; exit 3"'


def test_a_deployment_that_never_worked_is_taken_back(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("back", service=BROKEN))
    project.apply(code=ExitCode.DEPLOY)
    refused = project.run("rollback", code=ExitCode.REFUSED)
    assert "WebInstance1" in refused.out
    assert "hivemind rollback --yes" in refused.err

    ran = project.run("rollback", "--yes", "--json")
    assert ran.last["left"] == []
    finished = [event["step"] for event in ran.lines if event.get("kind") == "finished"]
    assert finished == ["drain WebTargetGroup", "stack", "rollback"]
    assert {event["stage"] for event in ran.lines if "stage" in event} == {"rollback"}
    assert "Nothing is deployed: it was rolled back" in project.run("status").out
    assert project.status()["status"] == "rolled_back"
    assert "nothing to roll back" in project.run("rollback", "--yes").out

    project.replace("hivemind.yaml", BROKEN, "env: {A: b}")
    project.apply()
    assert project.status()["works"] is True
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    project.apply()
    good = project.run("rollback", "--yes", code=ExitCode.REFUSED)
    assert "has an earlier good revision" in good.err
    assert project.status()["works"] is True
    assert "rolled back" in project.run("rollback", "--yes", "--delete").out
    assert project.status()["status"] == "rolled_back"
