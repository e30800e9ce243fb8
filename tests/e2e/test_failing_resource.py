"""CloudFormation fails: what failed first, why, what is left; the apply that follows; data go when they are named."""

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


@pytest.mark.stress
def test_a_database_that_cannot_be_created_one_that_is_and_its_end(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("data", service="needs: [db]", more=WITH_DATABASE))
    project.run("local", "fault", "fail", "AWS::RDS::DBInstance", "--message", REASON)
    the_first_cause_is_named(project)
    database(project, wanted=False)
    the_next_apply_starts_over(project)
    database(project, wanted=True)
    an_update_that_fails_leaves_the_stack_as_it_was(project)
    project.run("local", "fault", "clear")
    assert project.apply().last["revision"] == "r2"
    assert project.status()["databases"] == {"DbDatabase": "available"}
    database(project, wanted=False)
    a_database_goes_only_when_it_is_named(project)


def database(project: Project, *, wanted: bool) -> None:
    """Writes the blueprint with the database or without."""
    project.write(hello("data", service="needs: [db]", more=WITH_DATABASE) if wanted else hello("data", more=SMALL))


def the_first_cause_is_named(project: Project) -> None:
    error = project.apply(code=ExitCode.PROVISION).last["error"]
    assert error["subject"] == "DbDatabase"
    assert error["path"] == "resources.db"
    assert REASON in error["lines"][0]
    assert "nothing" in error["left"]
    status = project.status()
    assert (status["status"], status["stack"]) == ("failed", "ROLLBACK_COMPLETE")
    assert REASON in project.run("status").out

    text = project.run("apply", "--local", "--yes", code=ExitCode.PROVISION)
    assert REASON in text.err
    assert "From:  resources.db, hivemind.yaml:" in text.err
    assert "State now:" in text.err
    assert "ROLLBACK_COMPLETE" in text.out + text.err, "why the failed stack is deleted"


def the_next_apply_starts_over(project: Project) -> None:
    applied = project.run("apply", "--local", "--yes")
    assert "ROLLBACK_COMPLETE" in applied.out
    assert "r1 is live" in applied.out
    assert project.status()["works"] is True
    assert project.get().text.startswith("hello|1|")


def an_update_that_fails_leaves_the_stack_as_it_was(project: Project) -> None:
    error = project.apply(code=ExitCode.PROVISION).last["error"]
    assert error["subject"] == "DbDatabase"
    assert error["left"] == "the stack is as it was before"
    assert project.get().text.startswith("hello|1|")
    assert project.status()["stack"] == "UPDATE_ROLLBACK_COMPLETE"


def a_database_goes_only_when_it_is_named(project: Project) -> None:
    assert "holds data" in project.run("plan").out
    refused = project.apply(code=ExitCode.REFUSED).last["error"]
    assert "DbDatabase (AWS::RDS::DBInstance, delete)" in refused["message"]
    assert "--lose DbDatabase" in refused["hint"]
    project.apply("--lose", "SomethingElse", code=ExitCode.REFUSED)
    status = project.status()
    assert (status["revision"], status["databases"]) == ("r2", {"DbDatabase": "available"})
    assert project.get().status == 200

    named = refused["hint"].partition("--lose")[1:]
    lost = project.apply(*"".join(named).split()).last
    assert (lost["revision"], lost["verdict"]) == ("r3", "good")
    assert project.status()["databases"] == {}
    assert project.get().status == 200


@pytest.mark.stress
def test_destroy_keeps_a_snapshot_unless_told_otherwise(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("kept", service="needs: [db]", more=WITH_DATABASE))
    project.apply()
    gone = project.run("destroy", "--yes")
    assert "DbDatabase holds data: HiveMind keeps a final snapshot" in gone.out
    assert "Kept: database snapshot" in gone.out


@pytest.mark.parametrize(
    "operation",
    [
        "cloudformation:DescribeStackEvents",
        pytest.param("cloudformation:DescribeStacks", marks=pytest.mark.stress),
        pytest.param("ec2:DescribeInstances", marks=pytest.mark.stress),
    ],
)
def test_throttled_calls_are_made_again(deployed: Project, faults: LocalCloudHome, operation: str) -> None:
    deployed.run("local", "fault", "throttle", operation, "--every", "2")
    deployed.replace("hivemind.yaml", "health: /health", f"health: /health?during={operation}")
    applied = deployed.apply()
    assert applied.last["verdict"] == "good"
    assert applied.last["calls"]["cloudformation:DescribeStackEvents"] > 1
    assert deployed.status()["works"] is True


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
