from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest
from terminals import ESCAPES, in_terminal

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"
PRODUCTION = "environments: {production: {stage: production}}\n"


def git(project: Project, *words: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=project.folder, check=True, capture_output=True)


def test_nobody_approved_it(nowhere: Project) -> None:
    refused = nowhere.run("apply", "--local", code=ExitCode.REFUSED)
    assert "Cannot ask for approval: no terminal." in refused.err
    assert "+ web" in refused.out, "the plan is shown all the same"
    assert nowhere.status() == {"deployment": None}


def test_production_is_released_from_a_clean_tree(local_project: Callable[..., Project]) -> None:
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


def test_plain_lines_where_nobody_looks(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("plain", more=SMALL))
    applied = project.run("apply", "--local", "--yes")
    assert "\x1b" not in applied.out + applied.err
    assert re.search(r"^\[00:\d\d\] provision +stack +done", applied.out, re.MULTILINE)
    assert re.search(r"^r1 is live: http://\S+$", applied.out, re.MULTILINE)
    assert "Next: hivemind" in applied.out


def test_a_tree_within_the_window(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("tree", more=SMALL))
    code, written = in_terminal(project, "apply", "--local", "--yes")
    assert code == 0, written
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", ESCAPES.sub("", written))]
    assert any(re.match(r"✔ +provision", line) for line in lines)
    assert any(re.match(r"✔ +verify", line) for line in lines)
    assert [line for line in lines if len(line) > 80] == []
    assert any(line.startswith("r1 is live: http://") for line in lines)
    code, again = in_terminal(project, "apply", "--local", "--yes")
    assert code == 0
    assert "already up to date" in again


@pytest.mark.parametrize("name", ["CI", "NO_COLOR"])
def test_a_terminal_gets_no_escape_codes_where_they_are_unwelcome(standing: Project, name: str) -> None:
    project = Project(standing.folder, standing.home, {name: "1"})
    for words in (("status",), ("apply", "--local", "--yes"), ("logs", "--service", "none")):
        assert "\x1b" not in in_terminal(project, *words)[1]
    assert "\x1b[" in in_terminal(standing, "status")[1]


def test_a_release_alone_leaves_the_stack_as_it_was(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("alone", more=SMALL))
    project.apply()
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    said = project.run("apply", *project.target, "--yes").out
    assert "No resource changed." in said
    assert "0 resources" not in said
    assert "health path  done  web /health" in said
    assert "release on 1 instance: sources changed" in said
    project.replace(
        "hivemind.yaml",
        "web:",
        "web:\n    env: {GREETING: hi}",
    )
    planned = project.run("plan", *project.target).out
    assert "release on 1 instance: environment changed" in planned
