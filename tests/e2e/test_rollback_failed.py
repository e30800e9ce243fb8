"""An update that CloudFormation cannot take back: the way on is in the message, and it works."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.stress
BEFORE = 'resources: {db: {type: postgres, version: "16"}}\nenvironments: {production: {stage: stage-1}}\n'
UPGRADED = BEFORE.replace('version: "16"', 'version: "17", major_upgrade: true')


def test_a_database_that_cannot_be_downgraded_does_not_end_the_deployment(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("stuck", service="needs: [db]", more=BEFORE))
    project.apply()
    project.run("local", "fault", "fail", "AWS::EC2::Instance", "--on", "update", "--message", "no capacity")
    project.write(hello("stuck", service="needs: [db]\ndisk: 20", more=UPGRADED))

    failed = project.apply(code=ExitCode.PROVISION).last["error"]
    assert "UPDATE_ROLLBACK_FAILED: DbDatabase could not go back" in failed["left"]
    assert "hivemind apply --skip-rollback DbDatabase" in failed["hint"]
    project.run("local", "fault", "clear")
    assert "Apply continues its rollback first" in project.run("plan", "--local").out

    again = project.apply(code=ExitCode.PROVISION).last["error"]
    assert (again["subject"], again["path"]) == ("DbDatabase", "resources.db")
    assert "from 17 to 16" in again["lines"][0]
    wrong = project.run("apply", "--local", "--yes", "--skip-rollback", "VPC", code=ExitCode.REFUSED)
    assert "only DbDatabase could not go back" in wrong.err

    project.run("apply", "--local", "--yes", "--skip-rollback", "DbDatabase")
    status = project.status()
    assert (status["stack"], status["databases"]) == ("UPDATE_COMPLETE", {"DbDatabase": "available"})
    assert "Nothing changes" in project.run("plan", "--local").out
