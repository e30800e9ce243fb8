from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from terminals import in_terminal

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
PRODUCTION = "environments: {production: {stage: production}}\n"


def git(project: Project, *words: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=project.folder, check=True, capture_output=True)


def test_nobody_approved_it(nowhere: Project) -> None:
    refused = nowhere.run("apply", "--local", code=ExitCode.REFUSED)
    assert "Cannot ask for approval: no terminal." in refused.err
    assert "+ web" in refused.out, "the plan is shown all the same"
    assert nowhere.status() == {"deployment": None}


@pytest.mark.stress
def test_production_is_released_from_a_clean_tree_and_protected(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("clean", more=PRODUCTION))
    no_repository = project.apply(code=ExitCode.REFUSED).last["error"]
    assert "uncommitted changes or is not a git repository" in no_repository["message"]
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "First")
    project.write({"app.py": (project.folder / "app.py").read_text() + "# changed\n"})
    assert "--allow-dirty" in project.apply(code=ExitCode.REFUSED).last["error"]["hint"]
    assert project.status() == {"deployment": None}
    git(project, "commit", "-qam", "Second")
    assert project.apply().last["revision"] == "r1"
    assert "First" not in project.run("status").out
    assert '"Second"' in project.run("status").out

    refused = project.run("destroy", "--yes", code=ExitCode.REFUSED)
    assert "--unprotect" in refused.err
    assert project.get().status == 200
    assert project.status()["works"] is True
    assert "Nothing is left." in project.run("destroy", "--yes", "--unprotect").out
    assert project.status() == {"deployment": None}


@pytest.mark.parametrize("name", ["CI", "NO_COLOR"])
def test_a_terminal_gets_no_escape_codes_where_they_are_unwelcome(standing: Project, name: str) -> None:
    project = Project(standing.folder, standing.home, {name: "1"})
    for words in (("status",), ("apply", "--local", "--yes"), ("logs", "--service", "none")):
        assert "\x1b" not in in_terminal(project, *words)[1]
    assert "\x1b[" in in_terminal(standing, "status")[1]
