"""`build: remote` on the local cloud: built on an instance of a stack of its own, which is gone afterwards."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hivemind import pipeline
from hivemind.agents.compiler import hivemind_build
from hivemind.builds.here import Here
from hivemind.deploy.state import DeploymentState, StateStore
from hivemind.local.cloud import LocalCloud
from hivemind.plugins.loading import load
from hivemind.testing.clients import raw
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"
REMOTE = 'build: {where: remote, run: "echo made-there > made.txt; echo building $(hostname)"}'
FAILING = 'build: {where: remote, run: "echo app.py:3: error: nothing there >&2; exit 7"}'
JOB = "  job:\n    kind: worker\n    runtime: shell\n    start: sleep 1000\n    build: remote\n"
SLOW = 'build: {where: remote, run: "for one in $(seq 300); do echo working; sleep 0.2; done"}'


@pytest.fixture
def stacks(local_cloud: LocalCloudHome) -> Callable[[Project], set[str]]:
    """Names of a project's stacks."""

    def standing(project: Project) -> set[str]:
        client = raw(cloud_of(local_cloud, project), "cloudformation")
        found = {one["StackName"] for one in client.describe_stacks()["Stacks"]}
        return {one for one in found if one.startswith(f"{name_of(project)}-production")}

    return standing


@pytest.fixture
def instances(local_cloud: LocalCloudHome) -> Callable[[Project], int]:
    """How many instances of a project are not terminated, build instances too."""

    def alive(project: Project) -> int:
        client = cloud_of(local_cloud, project).client("ec2")
        ours = [{"Name": "tag:hivemind:deployment", "Values": [f"{name_of(project)}-production"]}]
        answer = client.describe_instances(Filters=ours)
        found = [one for group in answer["Reservations"] for one in group["Instances"]]
        return sum(one["State"]["Name"] not in {"terminated", "shutting-down"} for one in found)

    return alive


def cloud_of(local_cloud: LocalCloudHome, project: Project) -> LocalCloud:
    return local_cloud.connect(project.folder, name_of(project))


def name_of(project: Project) -> str:
    return (project.folder / "hivemind.yaml").read_text().split("name: ")[1].split()[0]


def state_of(project: Project) -> DeploymentState:
    here = str(project.folder.resolve())
    states = StateStore(project.home / "local/deployments").all().states
    return next(state for state in states if state.checkout == here)


def own(name: str, service: str, more: str = SMALL) -> dict[str, str]:
    """Files of a project whose sources are no other's: what was built before is not built again."""
    return {**hello(name, service=service, more=more), "name.txt": name}


def carried(folder: Path) -> None:
    """A wheel among the sources, large enough to be a layer of its own."""
    (folder / "vendor").mkdir()
    with zipfile.ZipFile(folder / "vendor/large-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("large/__init__.py", "NAME = 'large'\n")
        for number in range(20):
            wheel.writestr(f"large/part{number}.py", f"# {number}" + "x" * 70_000)
        wheel.writestr("large-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: large\nVersion: 1.0\n")
        wheel.writestr("large-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("large-1.0.dist-info/RECORD", "")
    (folder / "requirements.txt").write_text("--no-index\n--find-links vendor\nlarge==1.0\n")


def cut(project: Project, step: str, kind: str, how: signal.Signals) -> str:
    """Ends an apply when a step tells something; its standard error."""
    apply = project.start("apply", *project.target, "--yes", "--json")
    assert apply.stdout is not None
    for line in apply.stdout:
        event = json.loads(line)
        if event.get("step") == step and kind in (event.get("kind"), event.get("message")):
            apply.send_signal(how)
            return finished(apply)
    raise AssertionError(finished(apply))


def finished(apply: subprocess.Popen[str]) -> str:
    _, err = apply.communicate(timeout=120)
    return err


def steps(lines: tuple[dict[str, Any], ...]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if "step" in line:
            yield line["step"], line["kind"]


@pytest.mark.stress
def test_failed_killed_and_built_there_it_is_what_would_be_built_here(
    local_project: Callable[..., Project],
    stacks: Callable[[Project], set[str]],
    instances: Callable[[Project], int],
    local_cloud: LocalCloudHome,
    tmp_path: Path,
) -> None:
    project = local_project(own("there", FAILING))
    a_build_that_fails_there_is_told_as_one_here_and_leaves_nothing(project, stacks)
    project.replace("hivemind.yaml", FAILING, SLOW)
    killed_its_instances_go_with_the_next_apply(project, stacks)

    files = own("there", REMOTE, JOB + SMALL)
    project.write({**files, "app.py": "import large\n" + files["app.py"]})
    carried(project.folder)
    plan = project.run("plan", "--local").out
    assert "build instance: in the local cloud, this machine" in plan
    assert "there-production-build" in plan
    ran = project.apply()
    assert (ran.last["revision"], ran.last["verdict"]) == ("r2", "good")
    told = list(steps(ran.lines))
    assert told.index(("instances", "started")) < told.index(("build web", "started"))
    assert ("instances gone", "finished") in told
    assert project.get().text.startswith("hello|1|")
    assert stacks(project) == {"there-production"}
    assert instances(project) == 2
    assert "building ip-10-0-" in project.run("artifacts", "log", "web").out
    two_services_have_an_instance_each(project)
    what_is_built_there_is_what_would_be_built_here(project, local_cloud, tmp_path)

    assert project.apply().last["changed"] is False
    again = project.apply("--release-again")
    assert again.last["revision"] == "r3"
    assert not [step for step, _ in steps(again.lines) if step.startswith("instances")], "it was built before"


def a_build_that_fails_there_is_told_as_one_here_and_leaves_nothing(
    project: Project, stacks: Callable[[Project], set[str]]
) -> None:
    error = project.apply(code=ExitCode.BUILD).last["error"]
    assert error["message"].endswith("ended with exit code 7: app.py:3: error: nothing there")
    assert "app.py:3: error: nothing there" in error["lines"]
    assert "logs/web.log" in error["hint"]
    assert "nothing there" in project.run("artifacts", "log", "web").out
    assert "there-production-build" not in stacks(project)
    assert state_of(project).build_stack is None


def killed_its_instances_go_with_the_next_apply(project: Project, stacks: Callable[[Project], set[str]]) -> None:
    cut(project, "build web", "working", signal.SIGKILL)
    assert "there-production-build" in stacks(project)
    assert state_of(project).build_stack == "there-production-build"
    project.replace("hivemind.yaml", SLOW, "")
    assert project.apply().last["verdict"] == "good"
    assert stacks(project) == {"there-production"}
    assert state_of(project).build_stack is None


def two_services_have_an_instance_each(project: Project) -> None:
    logs = [(project.home / f"artifacts/logs/{name}.log").read_text() for name in ("web", "job")]
    assert len({log.split("\n")[0].split(", ")[0] for log in logs}) == 2


def what_is_built_there_is_what_would_be_built_here(project: Project, cloud: LocalCloudHome, folder: Path) -> None:
    checked = pipeline.check(project.folder / "hivemind.yaml", load(third_party=False), lint=False)
    service = checked.blueprint.services["web"]
    platform = cloud_of(cloud, project).platform(service.os, service.size)
    here = hivemind_build(service, checked.repository, Here(platform, folder / "store"))
    assert here is not None
    assert here.digest == state_of(project).artifacts["web"]
    assert [layer.name for layer in here.layers] == ["dependencies"]
    for part in (here, *here.layers):
        assert (project.home / f"artifacts/{part.digest}.tar.zst").read_bytes() == part.path.read_bytes()


@pytest.mark.parametrize(("step", "kind"), [("instances", "3 of 21 resources"), ("build web", "working")])
@pytest.mark.stress
def test_interrupted_it_takes_its_instances_away(
    local_project: Callable[..., Project],
    stacks: Callable[[Project], set[str]],
    until: Callable[..., None],
    step: str,
    kind: str,
) -> None:
    project = local_project({**own("stopping", SLOW), "step.txt": step})
    err = cut(project, step, kind, signal.SIGINT)
    assert "Traceback" not in err
    until(lambda: "stopping-production-build" not in stacks(project), seconds=30, what="the end of the build stack")
    project.replace("hivemind.yaml", "seq 300", "seq 1")
    assert project.apply().last["verdict"] == "good"
    assert stacks(project) == {"stopping-production"}
    assert state_of(project).build_stack is None


@pytest.mark.stress
def test_killed_its_instances_go_with_the_deployment(
    local_project: Callable[..., Project], stacks: Callable[[Project], set[str]], instances: Callable[[Project], int]
) -> None:
    project = local_project(own("dead", SLOW))
    cut(project, "build web", "working", signal.SIGKILL)
    assert "dead-production-build" in stacks(project)
    ran = project.run("destroy", "--local", "--yes")
    assert re.search(r"build stack \(left by an apply\) +dead-production-build\n", ran.out)
    assert stacks(project) == set()
    assert instances(project) == 0


@pytest.mark.stress  # throttled calls are tried for half a minute
def test_a_removal_that_fails_is_said_and_made_up_for(
    local_project: Callable[..., Project], stacks: Callable[[Project], set[str]], faults: LocalCloudHome
) -> None:
    project = local_project(own("staying", REMOTE))
    faults.fault("throttle", "cloudformation:DeleteStack")
    ran = project.apply()
    assert ran.last["verdict"] == "good"
    notes = [line["message"] for line in ran.lines if line.get("kind") == "note"]
    (said,) = [note for note in notes if "staying-production-build" in note]
    assert "which costs money until it is deleted" in said
    assert "staying-production-build" in stacks(project)
    faults.clear_faults()
    ran = project.apply()
    assert ran.last["changed"] is False
    assert "Deleting the build stack staying-production-build, which an earlier run left behind." in ran.err
    assert stacks(project) == {"staying-production"}


@pytest.mark.stress
def test_a_stack_of_somebody_else_is_left_alone(
    local_project: Callable[..., Project], stacks: Callable[[Project], set[str]], local_cloud: LocalCloudHome
) -> None:
    project = local_project(own("named", REMOTE))
    body = json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}})
    client = raw(cloud_of(local_cloud, project), "cloudformation")
    client.create_stack(StackName="named-production-build", TemplateBody=body)
    error = project.apply(code=ExitCode.REFUSED).last["error"]
    assert "the stack named-production-build exists, but is not HiveMind's build stack" in error["message"]
    project.run("destroy", "--local", "--yes")
    assert stacks(project) == {"named-production-build"}
    client.delete_stack(StackName="named-production-build")
    client.get_waiter("stack_delete_complete").wait(StackName="named-production-build", WaiterConfig={"Delay": 1})


@pytest.mark.stress
def test_without_a_package_index_it_says_what_to_do(local_project: Callable[..., Project]) -> None:
    project = local_project({**own("alone", "build: remote"), "requirements.txt": "no-such-distribution==1.0\n"})
    error = project.apply(code=ExitCode.BUILD).last["error"]
    assert "Instances of the local cloud cannot reach a package index" in error["hint"]
    assert "{where: here}" in error["hint"]
