"""What is deployed goes on answering while it changes, whatever becomes of the change."""

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

pytestmark = pytest.mark.slow
MORE = "environments: {production: {stage: stage-1}}\n"
TWO = "instances: 2\ndisk: 8"


def deployed(make: Callable[..., Project], name: str, service: str = TWO) -> Project:
    project = make(hello(name, service=service, more=MORE))
    project.apply()
    return project


def instances(project: Project) -> set[str]:
    return {one["instance"] for one in project.status()["services"]["web"]}


def processes(project: Project) -> set[str]:
    """When the application of each instance was started, as its instance counts."""
    ask = "stat -c '%n %Y' /proc/$(pgrep -of 'python.* app.py')"
    return {number + project.run("ssh", "-i", number, ask).out for number in ("1", "2")}


def clients(cloud: LocalCloudHome, project: Project, name: str) -> tuple[Any, Any, str]:
    """EC2, the load balancers, and the target group of a project."""
    connected = cloud.connect(project.folder, name)
    elb = raw(connected, "elbv2")
    stack = raw(connected, "cloudformation").list_stack_resources(StackName=f"{name}-production")
    group = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in stack["StackResourceSummaries"]}
    return raw(connected, "ec2"), elb, group["WebTargetGroup"]


def test_tags_change_an_update_fails_and_what_dies_is_put_right(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = deployed(local_project, "twins")
    before = instances(project)
    with Load(project.status()["url"]) as load:
        project.replace("hivemind.yaml", MORE, f"{MORE}tags: {{team: shop}}\n")
        assert project.apply().last["changed"] is True
        assert instances(project) == before, "a tag replaces nothing"

        ran = processes(project)
        restarted = project.run("restart", "--json").last["restarted"]
        assert {one["instance"] for one in restarted} == before
        assert not ran & processes(project)
        assert "no service wbe" in project.run("restart", "wbe", code=ExitCode.NOT_FOUND).err

        faults.fault("fail", "AWS::EC2::Instance", message="InsufficientInstanceCapacity", times=1)
        project.replace("hivemind.yaml", "    port", "    os: ubuntu-24.04\n    port")
        error = project.apply(code=ExitCode.PROVISION).last["error"]
        assert "InsufficientInstanceCapacity" in error["lines"][0]
        status = project.status()
        assert (status["stack"], status["works"]) == ("UPDATE_ROLLBACK_COMPLETE", True)
        assert instances(project) == before

        project.replace("hivemind.yaml", "    os: ubuntu-24.04\n", "    strategy: {type: blue-green, bake: 1}\n")
        project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
        assert "      green beside blue, then blue goes\n" in project.run("plan", "--local").out
        project.apply()
        assert project.status()["works"] is True
        green = instances(project)
        assert not green & before
        assert {project.get().text.split("|")[1] for _ in range(4)} == {"2"}
    assert load.answers[200] > 20
    assert load.lost == 0, dict(load.answers)

    before = green
    ec2, elb, group = clients(faults, project, "twins")
    first, second = sorted(before)
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": first}])
    ec2.terminate_instances(InstanceIds=[second])
    shown = project.run("plan", "--local").out
    assert "is not registered with the load balancer: registered" in shown
    assert "does not exist any more: created again" in shown
    assert project.status()["works"] is False
    project.apply()
    after = instances(project)
    assert first in after
    assert second not in after
    assert project.status()["works"] is True
    assert {project.get().status for _ in range(4)} == {200}
    assert project.apply().last["changed"] is False


@pytest.mark.stress
@pytest.mark.parametrize(
    ("old", "new", "replaced"),
    [
        ("disk: 8", "disk: 9", True),
        ("    port", "    size: t3.small\n    port", False),
        ("    port", "    os: ubuntu-24.04\n    port", True),
    ],
)
def test_several_instances_change_in_turn(
    local_project: Callable[..., Project], old: str, new: str, replaced: bool
) -> None:
    project = deployed(local_project, "turn")
    before = instances(project)
    with Load(project.status()["url"]) as load:
        project.replace("hivemind.yaml", old, new)
        project.apply()
    assert len(before & instances(project)) == (0 if replaced else 2)
    assert load.lost == 0, dict(load.answers)
    assert project.status()["works"] is True
    assert project.apply().last["changed"] is False


@pytest.mark.stress
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    port: 8000\n", "    port: 8000\n    size: t3.small\n"),
        ("  web:\n", "  site:\n"),
        (
            "hivemind: 1\n",
            "hivemind: 1\noverrides: [{op: add, path: /Resources/SSHKeyPair/Properties/KeyName, value: x}]\n",
        ),
    ],
)
def test_what_interrupts_is_said_and_ends(local_project: Callable[..., Project], old: str, new: str) -> None:
    project = deployed(local_project, "alone", "disk: 8")
    project.replace("hivemind.yaml", old, new)
    assert "does not answer for some seconds, because" in project.run("plan", "--local").out
    with Load(project.status()["url"]) as load:
        project.apply()
        assert project.status()["works"] is True
        assert {project.get().status for _ in range(4)} == {200}
    assert load.answers[200]


@pytest.mark.stress
def test_another_network_is_refused(local_project: Callable[..., Project]) -> None:
    project = deployed(local_project, "range", "disk: 8")
    project.replace("hivemind.yaml", MORE, f"{MORE}network: {{cidr: 10.20.0.0/16}}\n")
    with Load(project.status()["url"]) as load:
        assert "H454" in project.run("apply", "--local", "--yes", code=ExitCode.INVALID).err
    assert load.lost == 0


@pytest.mark.stress
@pytest.mark.parametrize("how", ["by hand", "from inside"])
def test_a_stopped_instance_is_started(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome, until: Callable[..., None], how: str
) -> None:
    project = deployed(local_project, "stopped")
    before = instances(project)
    if how == "by hand":
        ec2, _, _ = clients(local_cloud, project, "stopped")
        ec2.stop_instances(InstanceIds=[min(before)])
    else:
        project.run(
            "ssh", "-i", "1", "sudo kill -9 $PPID", code=None
        )  # what serves SSH, and with it all of the instance
    until(lambda: "stopped" in project.run("status").out, what="a stopped instance")
    assert "is stopped: started" in project.run("plan", "--local").out
    project.apply()
    assert instances(project) == before
    assert project.status()["works"] is True


@pytest.mark.stress
def test_a_release_that_is_interrupted_leaves_all_registered(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome, until: Callable[..., None]
) -> None:
    project = deployed(local_project, "halted")
    _, elb, group = clients(local_cloud, project, "halted")

    def registered() -> int:
        found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return sum(one["TargetHealth"]["State"] in ("healthy", "initial") for one in found)

    project.replace("hivemind.yaml", "disk: 8", "disk: 8\n    release: sleep 20")
    with Load(project.status()["url"]) as load:
        running = project.start("apply", "--local", "--yes", "--json")
        until(lambda: registered() == 1, what="an instance out of service")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
        assert registered() == 2, "before the command ends"
    assert load.lost == 0, dict(load.answers)
    project.replace("hivemind.yaml", "sleep 20", "sleep 0")
    project.apply()
    assert project.status()["works"] is True


@pytest.mark.stress
@pytest.mark.parametrize(("number", "fails"), [(signal.SIGINT, False), (signal.SIGKILL, False), (signal.SIGKILL, True)])
def test_an_update_that_is_cut_off_takes_no_traffic_away(
    local_project: Callable[..., Project],
    faults: LocalCloudHome,
    until: Callable[..., None],
    number: signal.Signals,
    fails: bool,
) -> None:
    project = deployed(local_project, "cut")
    faults.fault("delay", "AWS::EC2::Instance", seconds=4.0)
    project.replace("hivemind.yaml", "    port", "    os: ubuntu-24.04\n    port")
    _, elb, group = clients(faults, project, "cut")

    def registered() -> int:
        found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return sum(one["TargetHealth"]["State"] == "healthy" for one in found)

    with Load(project.status()["url"]) as load:
        running = project.start("apply", "--local", "--yes", "--json")
        until(lambda: registered() == 1, what="an instance out of service")
        if fails:
            faults.fault("fail", "AWS::EC2::Instance", message="InsufficientInstanceCapacity")
        running.send_signal(number)
        running.communicate(timeout=60)
        if not fails:
            faults.clear_faults()
        project.apply(code=ExitCode.PROVISION if fails else 0)
        faults.clear_faults()
        assert project.status()["works"] is True
        assert registered() == 2
    assert load.lost == 0, dict(load.answers)


@pytest.mark.stress
def test_going_back_loses_nothing_whether_it_ends_well_or_not(local_project: Callable[..., Project]) -> None:
    """The release to return to works on the first instance alone: both end with the one that was current."""
    project = local_project(hello("backs", service="instances: 2", more=MORE))
    picky = "sh -c 'test ! -e /tmp/broken && exec python app.py'"
    project.replace("hivemind.yaml", "start: python app.py", f'start: "{picky}"')
    project.apply()
    project.replace("hivemind.yaml", "test ! -e /tmp/broken && ", "")
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    with Load(project.status()["url"]) as load:
        assert project.apply().last["revision"] == "r2"
        back = project.run("rollback", "--yes", "--json").last
        assert (back["revision"], back["to"], back["verdict"]) == ("r3", "r1", "good")
        assert "|1|" in project.get().text
        assert project.apply().last["revision"] == "r4"
        assert "|2|" in project.get().text

        project.run("ssh", "-i", "2", "touch /tmp/broken")
        error = project.run("rollback", "--to", "r3", "--yes", "--json", code=ExitCode.ROLLBACK).last["error"]
        assert "r4 is current on all instances" in str(error)
        status = project.status()
        assert (status["works"], status["revision"]) == (True, "r4")
        assert all("|2|" in project.get().text for _ in range(6))
        assert project.apply().last["changed"] is False
    assert load.answers[200] > 20
    assert load.lost == 0, dict(load.answers)
