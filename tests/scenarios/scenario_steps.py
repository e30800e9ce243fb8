"""What happens before a scenario's command: people, machines and other processes that come between."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from hivemind.deploy.lease import acquire
from hivemind.local import lifecycle
from hivemind.testing.clients import raw
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.clock import SYSTEM_CLOCK, polls

NAME = "scene"
SMALL = "environments: {production: {stage: stage-1}}\n"
TRUST = {"Version": "2012-10-17", "Statement": []}


class Scene:
    """The project that scenarios run on, one after another, and its local cloud."""

    def __init__(self, project: Project, local: LocalCloudHome) -> None:
        self.project, self.local = project, local
        self.round = 0
        self.held: list[AbstractContextManager[Any]] = []

    @property
    def cloud(self) -> Any:
        return self.local.connect(self.project.folder, NAME)

    def client(self, service: str) -> Any:
        return raw(self.cloud, service)

    def stack(self) -> str:
        """The status of its stack; empty where there is none."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        assert len(stacks) < 2, stacks
        return str(stacks[0]["StackStatus"]) if stacks else ""

    def serves(self) -> bool:
        """Whether its page is there."""
        try:
            return self.project.get().status == 200
        except (OSError, KeyError, AssertionError):
            return False

    def write(self, change: str) -> None:
        """The project's files with a change."""
        self.round += 1
        service = {
            "second": "instances: 2",
            "disk": f"disk: {20 + self.round}",
            "ends": "env: {EXIT: no configuration at all}",
        }.get(change, "")
        tags = f"tags: {{round: r{self.round}}}\n" if change == "tags" else ""
        self.project.write(hello(NAME, service=service, more=tags + SMALL))
        if change == "code":
            self.project.replace("app.py", 'VERSION = "1"', f'VERSION = "v{self.round}"')

    def settle(self, start: str) -> None:
        """What the next scenario begins with: something deployed, or nothing."""
        self.local.clear_faults()
        self.write("")
        if start == "deployed":
            self.project.run("apply", "--local", "--yes")
        elif self.stack():
            self.project.run("destroy", "--yes")

    def start_over(self) -> None:
        """Empties the local cloud, for what only a person could remove."""
        lifecycle.reset(self.local.directory)
        lifecycle.start(self.local.directory, pace="instant")

    def folder(self) -> Path:
        """Of the deployment's record."""
        (found,) = (self.local.directory / "deployments").glob(f"{NAME}-*")
        return found

    def resource(self, kind: str) -> str:
        """The physical id of the first resource of a type."""
        (stack,) = self.client("cloudformation").describe_stacks()["Stacks"]
        listed = self.client("cloudformation").describe_stack_resources(StackName=stack["StackName"])
        return next(str(one["PhysicalResourceId"]) for one in listed["StackResources"] if one["ResourceType"] == kind)


def _fail_once(scene: Scene) -> None:
    scene.local.fault("fail", "AWS::EC2::VPC", times=1)
    scene.project.run("apply", "--local", "--yes", code=11)


def _dies(*words: str, on: str, change: str = "", kind: str = "AWS::EC2::VPC") -> Callable[[Scene], None]:
    """The cloud is killed while an operation of a command hangs."""

    def happen(scene: Scene) -> None:
        scene.local.fault("hang", kind, on=on)
        if change:
            scene.write(change)
        running = scene.project.start(*words)
        for _ in polls(SYSTEM_CLOCK, deadline=30):
            if scene.stack().endswith("_IN_PROGRESS") and scene.stack() != "REVIEW_IN_PROGRESS":
                break
        _saved(scene)
        os.kill(scene.local.running.pid, signal.SIGKILL)
        running.communicate(timeout=60)
        lifecycle.start(scene.local.directory)
        scene.local.clear_faults()

    return happen


def _saved(scene: Scene) -> None:
    """Waits until the local cloud has written down that something is under way: killed before, it would begin again
    with what was before, which AWS does not."""
    file = scene.local.directory / "aws/services/cloudformation.json"
    for _ in polls(SYSTEM_CLOCK, deadline=60):
        if file.exists() and re.search(r'"StackStatus": "[A-Z_]*_IN_PROGRESS"', file.read_text()):
            break
    for _ in polls(SYSTEM_CLOCK, deadline=10):
        if time.time() - file.stat().st_mtime > 0.5:
            return


def _stack_deleted(scene: Scene) -> None:
    client = scene.client("cloudformation")
    name = client.describe_stacks()["Stacks"][0]["StackName"]
    bucket = scene.resource("AWS::S3::Bucket")
    for version in scene.client("s3").list_object_versions(Bucket=bucket).get("Versions", ()):
        scene.client("s3").delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    client.delete_stack(StackName=name)
    for _ in polls(SYSTEM_CLOCK, deadline=30):
        if not scene.stack():
            return
    raise AssertionError(scene.stack())


def _stack_changed(scene: Scene) -> None:
    """Someone else updates the stack, with its own template and another tag."""
    client = scene.client("cloudformation")
    stack = client.describe_stacks()["Stacks"][0]
    parameters = [
        {"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in stack.get("Parameters", ())
    ]
    tags = [*stack["Tags"], {"Key": "by", "Value": f"hand-{scene.round}"}]
    client.update_stack(
        StackName=stack["StackName"],
        UsePreviousTemplate=True,
        Parameters=parameters,
        Tags=tags,
        Capabilities=["CAPABILITY_IAM"],
    )
    client.get_waiter("stack_update_complete").wait(StackName=stack["StackName"], WaiterConfig={"Delay": 1})


def _instance_ended(scene: Scene) -> None:
    scene.client("ec2").terminate_instances(InstanceIds=[scene.resource("AWS::EC2::Instance")])


def _role_changed(scene: Scene) -> None:
    role = scene.resource("AWS::IAM::Role")
    scene.client("iam").update_role(RoleName=role, Description="changed by hand", MaxSessionDuration=7200)
    scene.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(TRUST))


def _held_live(scene: Scene) -> None:
    lease = acquire(scene.folder(), command="hivemind apply")
    lease.__enter__()
    scene.held.append(lease)


def _held_dead(scene: Scene) -> None:
    program = (
        "import os, sys; from pathlib import Path; from hivemind.deploy.lease import acquire\n"
        "acquire(Path(sys.argv[1]), command='hivemind apply').__enter__(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(scene.folder())], check=True)


def _record_deleted(scene: Scene) -> None:
    (scene.folder() / "state.json").unlink()


def _record_torn(scene: Scene) -> None:
    path = scene.folder() / "state.json"
    path.write_text(path.read_text()[:100])


STEPS: Mapping[str, Callable[[Scene], None]] = {
    "fail once": _fail_once,
    "cloud dies in apply": _dies("apply", "--local", "--yes", on="create"),
    "cloud dies in an update": _dies("apply", "--local", "--yes", on="update", change="tags"),
    "cloud dies in a destroy": _dies("destroy", "--yes", on="delete"),
    "stack deleted by hand": _stack_deleted,
    "stack changed by hand": _stack_changed,
    "instance ended by hand": _instance_ended,
    "role changed by hand": _role_changed,
    "held by a live process": _held_live,
    "held by a dead process": _held_dead,
    "record deleted": _record_deleted,
    "record torn": _record_torn,
}
