"""Blue-green on the local cloud: nothing is lost whatever becomes of the release, and what is cut off is finished."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from hivemind.testing.clients import raw
from hivemind.testing.load import Load
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = [pytest.mark.slow, pytest.mark.stress]
MORE = "environments: {production: {stage: stage-1}}\n"
BLUE_GREEN = "instances: 2\nstrategy: {type: blue-green, bake: 1}"


def deployed(make: Callable[..., Project], name: str, service: str = BLUE_GREEN) -> Project:
    project = make(hello(name, service=service, more=MORE))
    project.apply()
    return project


def instances(project: Project) -> set[str]:
    return {one["instance"] for one in project.status()["services"]["web"]}


def versions(project: Project) -> set[str]:
    return {project.get().text.split("|")[1] for _ in range(8)}


def running(cloud: LocalCloudHome, project: Project, name: str) -> set[str]:
    """The instances that exist and those that the stack has: the same, or one is an orphan."""
    connected = cloud.connect(project.folder, name)
    every = raw(connected, "ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    )
    found = {one["InstanceId"] for group in every["Reservations"] for one in group["Instances"]}
    stack = raw(connected, "cloudformation").list_stack_resources(StackName=f"{name}-production")
    known = {
        one["PhysicalResourceId"]
        for one in stack["StackResourceSummaries"]
        if one["ResourceType"] == "AWS::EC2::Instance" and one["ResourceStatus"] != "DELETE_COMPLETE"
    }
    assert found == known
    return found


def test_one_instance_is_released_on_and_replaced_without_a_loss(local_project: Callable[..., Project]) -> None:
    """Another release, disk and size: with one instance each would be an interruption in place."""
    project = deployed(local_project, "lone", "disk: 8\nstrategy: {type: blue-green, bake: 1}")
    with Load(project.status()["url"]) as load:
        for number, (file, old, new) in enumerate(
            [
                ("app.py", 'VERSION = "1"', 'VERSION = "2"'),
                ("hivemind.yaml", "disk: 8", "disk: 9"),
                ("hivemind.yaml", "    port", "    size: t3.small\n    port"),
            ]
        ):
            before = instances(project)
            project.replace(file, old, new)
            assert "does not answer" not in project.run("plan", "--local").out
            project.apply()
            assert not before & instances(project), number
    assert versions(project) == {"2"}
    assert load.lost == 0, dict(load.answers)
    assert project.apply().last["changed"] is False


def test_recreate_loses_requests(local_project: Callable[..., Project]) -> None:
    """The same client on another strategy: that it can see a loss at all."""
    project = deployed(local_project, "again", "instances: 2\nstrategy: recreate")
    project.replace("app.py", 'print("hello listens"', 'import time; time.sleep(2); print("hello listens"')
    assert "web does not answer for some seconds" in project.run("plan", "--local").out
    before = instances(project)
    with Load(project.status()["url"]) as load:
        project.apply()
    assert instances(project) == before
    assert load.lost > 0
    assert project.status()["works"] is True


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Server((", "raise SystemExit('no'); Server((", ExitCode.DEPLOY),
        ("self.send_response(healthy if", 'self.send_response(500 if self.path == "/health" else healthy if', None),
    ],
)
def test_a_release_that_does_not_work_leaves_blue_alone(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome, old: str, new: str, code: ExitCode | None
) -> None:
    project = deployed(local_project, "bad")
    before = instances(project)
    with Load(project.status()["url"]) as load:
        project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
        project.replace("app.py", old, new)
        error = project.apply(code=ExitCode.REGISTER if code is None else code).last["error"]
        assert "web" in str(error)
        assert running(local_cloud, project, "bad") == before, "green is gone"
        assert versions(project) == {"1"}
        project.replace("app.py", new, old)
        project.apply()
        assert versions(project) == {"2"}
    assert not running(local_cloud, project, "bad") & before
    assert load.lost == 0, dict(load.answers)


MOMENTS = {
    "the first update": lambda event: event.get("step") == "stack" and event.get("kind") == "progress",
    "the release": lambda event: event.get("step") == "release web" and event.get("kind") == "started",
    "the switch": lambda event: event.get("step") == "traffic web" and event.get("kind") == "progress",
    "the drain": lambda event: "receive the requests" in str(event.get("message")),
    "the last update": lambda event: event.get("step") == "stack wave 2" and event.get("kind") == "started",
}


@pytest.mark.parametrize("moment", list(MOMENTS))
@pytest.mark.parametrize("reverts", [False, True])
def test_a_run_that_is_killed_is_finished_or_taken_back(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome, moment: str, *, reverts: bool
) -> None:
    project = deployed(local_project, "killed")
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    with Load(project.status()["url"]) as load:
        killed_at(project, MOMENTS[moment])
        if reverts:
            project.replace("app.py", 'VERSION = "2"', 'VERSION = "1"')
        project.apply()
        assert versions(project) == {"1" if reverts else "2"}
        assert project.status()["works"] is True
        assert len(running(local_cloud, project, "killed")) == 2
        assert project.apply().last["changed"] is False
    assert load.lost == 0, dict(load.answers)


def killed_at(project: Project, moment: Callable[[dict[str, Any]], bool]) -> None:
    """Runs an apply until an event comes, then kills it."""
    import json

    process = project.start("apply", "--local", "--yes", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{") and moment(json.loads(line)):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=60)


def test_instances_that_are_kept_take_over_again_within_seconds(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome
) -> None:
    keeping = "instances: 2\nstrategy: {type: blue-green, bake: 1, keep: true}"
    project = deployed(local_project, "kept", keeping)
    blue = instances(project)
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    with Load(project.status()["url"]) as load:
        project.apply()
        green = instances(project)
        status = project.status()
        assert not green & blue
        assert {one["instance"] for one in status["resting"]["web"]} == blue
        assert (status["works"], status["problems"]) == (True, [])
        assert running(local_cloud, project, "kept") == green | blue
        assert project.run("ssh", "-i", "1", "true").out == "", "one that serves"

        back = project.run("rollback", "--yes", "--json").last
        assert (back["revision"], back["to"], back["verdict"]) == ("r3", "r1", "good")
        assert (versions(project), instances(project)) == ({"1"}, blue)
        assert running(local_cloud, project, "kept") == blue
        assert "web  release on 2 instances" in project.run("plan", "--local").out, "for the code of r2"

        project.apply()
        assert versions(project) == {"2"}
        project.replace("hivemind.yaml", ", keep: true", "")
        project.apply()
        assert project.status()["resting"] == {}
        assert len(running(local_cloud, project, "kept")) == 2
    assert load.lost == 0, dict(load.answers)


def test_a_release_that_no_instance_has_comes_back_from_the_bucket(
    local_project: Callable[..., Project],
) -> None:
    """With the variables of its time, and with the secret that the stack made."""
    secret = "secrets: {GREETING: generate}"
    project = deployed(local_project, "afar", f"{BLUE_GREEN}\n{secret}\nenv: {{MOOD: good}}")
    greeting = project.get().text.split("|")[0]
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    project.replace("hivemind.yaml", "MOOD: good", "MOOD: bad")
    with Load(project.status()["url"]) as load:
        project.apply()
        green = instances(project)
        back = project.run("rollback", "--yes", "--json").last
        assert (back["revision"], back["to"], back["verdict"]) == ("r3", "r1", "good")
        assert (versions(project), instances(project)) == ({"1"}, green)
        assert project.get().text.split("|")[0] == greeting
        assert project.run("exec", "web", "--all", "--", "printenv", "MOOD").out.count("good") == 2
        again = project.run("rollback", "--to", "r2", "--yes", "--json").last
        assert (again["verdict"], versions(project)) == ("good", {"2"}), "which the instances have"
        assert project.apply().last["changed"] is False
    assert load.lost == 0, dict(load.answers)


def test_a_job_that_runs_meanwhile_ends_and_its_schedule_moves(local_project: Callable[..., Project]) -> None:
    job = "  nightly: {kind: job, schedule: 0 3 * * *, start: sleep 15; echo ran}\n"
    project = local_project(hello("clocked", service=BLUE_GREEN, more=job + MORE))
    project.apply()
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    asked = project.start("run", "--job", "nightly")
    project.apply()
    out, _ = asked.communicate(timeout=60)
    assert asked.returncode == 0, "its instance waited for it"
    assert "ran" in out
    (state,) = project.status()["jobs"].values()
    assert state["instance"] in instances(project)
    assert (state["running"], state["trouble"], state["runs"]) == (False, None, [])
    assert state["next"] is not None
