"""From the first apply to destroy. The same scenario runs on AWS where that is asked for (marker aws)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
HOUR = 3600.0
"""Seconds that a command may take on AWS, where networks, load balancers and endpoints take minutes."""
SMALL = "environments: {production: {stage: stage-1}}\n"


@pytest.fixture(params=["local", pytest.param("aws", marks=[pytest.mark.aws, pytest.mark.timeout(4 * HOUR)])])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    if request.param == "local":
        make: Callable[..., Project] = request.getfixturevalue("local_project")
        yield make(hello("life", more=SMALL))
        return
    name = f"hivemind-test-{secrets.token_hex(3)}"
    made = Project(tmp_path / "project", tmp_path / "home", target=("--aws",), timeout=HOUR)
    made.write(hello(name, more=SMALL + "tags: {hivemind-test: end-to-end}\n"))
    try:
        yield made
    finally:
        left = made.run("destroy", *made.target, "--yes", "--unprotect", "--snapshots", "delete", code=None)
        assert left.code in {ExitCode.OK, ExitCode.NOT_FOUND}, left


def test_from_the_first_apply_to_nothing(project: Project) -> None:
    first = project.apply().last
    assert (first["revision"], first["verdict"], first["changed"]) == ("r1", "good", True)
    assert project.get().text.startswith("hello|1|/|")

    again = project.apply().last
    assert (again["revision"], again["changed"]) == ("r1", False)
    assert again["url"] == first["url"]
    said = project.run("apply", *project.target, "--yes").out
    assert "already up to date" in said
    plan = project.run("plan", *project.target, "--json").last
    assert plan["empty"] is True
    assert plan["plan"]["basis"] == "live"
    assert "Nothing changes" in project.run("plan", *project.target).out

    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    assert project.run("plan", *project.target, "--json").last["empty"] is False
    assert project.apply().last["revision"] == "r2"
    assert project.get().text.startswith("hello|2|")

    project.replace("hivemind.yaml", "    health: /health", "    health: /health\n    env: {GREETING: good day}")
    assert project.apply().last["revision"] == "r3"
    assert project.get().text.startswith("good day|2|")
    assert project.status()["works"] is True

    gone = project.run("destroy", "--yes", "--json").last
    assert gone["left"] == []
    assert project.status() == {"deployment": None}
    assert "Nothing is deployed" in project.run("status").out
    listed = project.run("list", "--json").last["deployments"]
    assert first["deployment"] not in [one["deployment"] for one in listed]
    assert project.run("destroy", "--yes").code == 0, "again is no mistake"
