"""The policy of docs/permissions.md suffices for apply, update and destroy; without an action they name it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hivemind.testing.clients import raw
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.stress
MORE = "resources: {db: postgres}\nenvironments: {production: {stage: stage-1}}\n"
DOCUMENT = Path(__file__).parents[2] / "docs/permissions.md"


def written() -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0])
    return policy


def without(action: str) -> dict[str, Any]:
    policy = written()
    policy["Statement"].append({"Effect": "Deny", "Action": action, "Resource": "*"})
    return policy


def test_the_written_policy_suffices_and_each_of_its_actions_is_needed(
    local_project: Callable[..., Project], faults: LocalCloudHome, until: Callable[..., None]
) -> None:
    project = local_project(hello("shop", service="needs: [db]", more=MORE))
    account = faults.connect(project.folder, "shop").account

    faults.restrict(account, without("ec2:CreateSubnet"))
    error = project.apply(code=ExitCode.PROVISION).last["error"]
    assert "ec2:CreateSubnet" in json.dumps(error)
    assert "not authorized to perform" in json.dumps(error)
    faults.restrict(account, without("cloudformation:Create*"))
    said = project.run("apply", "--local", "--yes", code=None)
    assert said.code not in {0, ExitCode.INTERNAL}, str(said)
    assert "cloudformation:Create" in said.err

    faults.restrict(account, written())
    assert project.apply().last["verdict"] == "good"
    project.write(hello("shop", service="needs: [db]\nenv: {GREETING: again}\ndisk: 20", more=MORE))
    assert project.apply().last["verdict"] == "good"
    assert project.get().text.startswith("again|")
    assert project.status()["works"] is True
    project.run("drift")
    assert "Nothing changes" in project.run("plan", "--local").out

    faults.restrict(account, without("ec2:TerminateInstances"))
    said = project.run("destroy", "--yes", code=ExitCode.CLEANUP)
    assert "Not deleted: WebInstance1 (AWS::EC2::Instance)" in said.out
    instance = re.search(r"aws ec2 terminate-instances --instance-ids (i-\w+)", said.err)
    assert instance
    faults.restrict(account)
    raw(faults.connect(project.folder, "shop"), "ec2").terminate_instances(InstanceIds=[instance[1]])
    until(lambda: not (faults.directory / "instances" / str(instance[1])).exists(), what="the end of the instance")
