"""Data outlives mistakes: a database goes only when it is named, and leaves a snapshot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
WITH_DATABASE = "resources: {db: postgres}\nenvironments: {production: {stage: stage-1}}\n"


def test_a_database_goes_only_when_it_is_named(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("data", service="needs: [db]", more=WITH_DATABASE))
    project.apply()
    project.replace("hivemind.yaml", "    needs: [db]\n", "")
    project.replace("hivemind.yaml", "resources: {db: postgres}\n", "")
    assert "holds data" in project.run("plan").out
    refused = project.apply(code=ExitCode.REFUSED).last["error"]
    assert "DbDatabase (AWS::RDS::DBInstance, delete)" in refused["message"]
    project.apply("--lose", "SomethingElse", code=ExitCode.REFUSED)
    assert project.status()["databases"] == {"DbDatabase": "available"}

    named = refused["hint"].partition("--lose")[1:]
    lost = project.apply(*"".join(named).split()).last
    assert (lost["revision"], lost["verdict"]) == ("r2", "good")
    assert project.status()["databases"] == {}
    assert project.get().status == 200


@pytest.mark.stress
def test_destroy_keeps_a_snapshot_unless_told_otherwise(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("kept", service="needs: [db]", more=WITH_DATABASE))
    project.apply()
    gone = project.run("destroy", "--yes")
    assert "DbDatabase holds data: HiveMind keeps a final snapshot" in gone.out
    assert "Kept: database snapshot" in gone.out
