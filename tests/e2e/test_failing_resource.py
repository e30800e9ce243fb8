"""CloudFormation fails: what failed first, why, what is left; and the apply that follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
WITH_DATABASE = "resources: {db: postgres}\nenvironments: {production: {stage: stage-1}}\n"
SMALL = "environments: {production: {stage: stage-1}}\n"
REASON = "DB Subnet Group doesn't meet Availability Zone (AZ) coverage requirement"


def test_the_first_cause_is_named_and_the_next_apply_starts_over(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("cause", service="needs: [db]", more=WITH_DATABASE))
    project.run("local", "fault", "fail", "AWS::RDS::DBInstance", "--message", REASON)
    failed = project.apply(code=ExitCode.PROVISION)
    error = failed.last["error"]
    assert error["subject"] == "DbDatabase"
    assert error["path"] == "resources.db"
    assert REASON in error["lines"][0]
    assert "nothing" in error["left"]
    status = project.status()
    assert (status["status"], status["stack"]) == ("failed", "ROLLBACK_COMPLETE")
    shown = project.run("status").out
    assert REASON in shown

    text = project.run("apply", "--local", "--yes", code=ExitCode.PROVISION)
    assert REASON in text.err
    assert "From:  resources.db, hivemind.yaml:" in text.err
    assert "State now:" in text.err
    assert "ROLLBACK_COMPLETE" in text.out + text.err, "why the failed stack is deleted"

    project.run("local", "fault", "clear")
    applied = project.run("apply", "--local", "--yes")
    assert "ROLLBACK_COMPLETE" in applied.out
    assert "r1 is live" in applied.out
    assert project.status()["works"] is True
    assert project.get().status == 200


def test_an_update_that_fails_leaves_the_stack_as_it_was(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("update", more=SMALL))
    project.apply()
    faults.fault("fail", "AWS::RDS::DBInstance", message=REASON)
    project.replace("hivemind.yaml", "    health: /health\n", "    health: /health\n    needs: [db]\n")
    project.replace("hivemind.yaml", "environments:", "resources: {db: postgres}\nenvironments:")
    error = project.apply(code=ExitCode.PROVISION).last["error"]
    assert error["subject"] == "DbDatabase"
    assert error["left"] == "the stack is as it was before"
    assert project.get().text.startswith("hello|1|")
    assert project.status()["stack"] == "UPDATE_ROLLBACK_COMPLETE"
    faults.clear_faults()
    assert project.apply().last["revision"] == "r2"
    assert project.status()["databases"] == {"DbDatabase": "available"}


@pytest.mark.parametrize(
    "operation",
    [
        "cloudformation:DescribeStackEvents",
        pytest.param("cloudformation:DescribeStacks", marks=pytest.mark.stress),
        pytest.param("ec2:DescribeInstances", marks=pytest.mark.stress),
    ],
)
def test_throttled_calls_are_made_again(
    local_project: Callable[..., Project], faults: LocalCloudHome, operation: str
) -> None:
    project = local_project(hello("throttled", more=SMALL))
    project.run("local", "fault", "throttle", operation, "--every", "2")
    assert project.apply().last["verdict"] == "good"
    assert project.status()["works"] is True


@pytest.mark.stress
def test_a_hung_resource_shows_what_is_waited_for(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("slow", more=SMALL))
    faults.fault("delay", "AWS::ElasticLoadBalancingV2::LoadBalancer", seconds=4)
    applied = project.apply()
    progress = [line for line in applied.lines if line.get("kind") == "progress" and line["stage"] == "provision"]
    waited = [line["data"]["status"] for line in progress if line["data"].get("logical_id") == "ALB"]
    assert waited == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
