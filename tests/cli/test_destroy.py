from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_lists_what_goes_and_does_nothing_without_a_yes(standing: Project) -> None:
    refused = standing.run("destroy", code=ExitCode.REFUSED)
    assert "WebInstance1, WebInstance2" in refused.out
    assert "Cannot ask for approval: no terminal." in refused.err
    assert standing.status()["works"] is True


def test_nothing_to_destroy(nowhere: Project) -> None:
    assert "nothing to destroy" in nowhere.run("destroy", "--yes").out
    assert nowhere.run("destroy", "--yes", "--json").last["deployment"] is None


def test_production_is_protected(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("guarded", more="environments: {production: {stage: production}}\n"))
    project.apply("--allow-dirty")
    refused = project.run("destroy", "--yes", code=ExitCode.REFUSED)
    assert "--unprotect" in refused.err
    assert project.get().status == 200
    assert project.status()["works"] is True
    assert "Nothing is left." in project.run("destroy", "--yes", "--unprotect").out
    assert project.status() == {"deployment": None}
