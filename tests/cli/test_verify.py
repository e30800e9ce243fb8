from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
CHECKS = "environments: {production: {stage: stage-1}}\nchecks: [{http: /, contains: goodbye}]\n"


def test_good(standing: Project) -> None:
    said = standing.run("verify").out
    assert "✔" in said
    assert "1 check passed." in said
    data = standing.run("verify", "--json").last
    assert data["verdict"] == "good"
    assert {result["status"] for result in data["results"]} == {"passed"}


@pytest.mark.stress
def test_bad_it_fails_the_apply_and_the_next_one_verifies_again(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("wrong", more=CHECKS))
    error = project.apply(code=ExitCode.VERIFY).last["error"]
    assert error["stage"] == "verify"
    assert any("goodbye" in line for line in error["lines"])
    assert "1 of 1 instance receives traffic" in error["left"]
    assert project.status()["verdict"] == "bad"
    failed = project.run("verify", code=ExitCode.VERIFY)
    assert "✘" in failed.out
    assert project.apply(code=ExitCode.VERIFY).last["error"]["stage"] == "verify", "unchanged is not well"
    project.replace("hivemind.yaml", "contains: goodbye", "contains: hello")
    applied = project.apply().last
    assert (applied["revision"], applied["verdict"]) == ("r1", "good")
    assert project.status()["status"] == "deployed"
