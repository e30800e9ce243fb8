"""An apply of what is deployed already asks the cloud whether it is as it was left, and does nothing more."""

from __future__ import annotations

import json

import pytest

from hivemind.testing.clients import raw
from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.slow


@pytest.mark.stress
def test_only_what_stands_is_left_alone(deployed: Project, local_cloud: LocalCloudHome) -> None:
    deployed.replace("app.py", 'VERSION = "1"', 'VERSION = "still"')
    deployed.run("validate")  # what was written less than 0.05 s ago may change again unseen, and is not remembered
    assert deployed.apply().last["changed"] is True
    calls = deployed.apply().last
    assert (calls["changed"], calls["calls"]) == (
        False,
        {
            "cloudformation:DescribeStacks": 1,
            "cloudformation:GetTemplate": 1,
            "ec2:DescribeInstances": 1,
            "elasticloadbalancing:DescribeTargetHealth": 1,
        },
    )
    text = deployed.run("apply", "--local", "--yes")
    assert f"shop is already up to date ({calls['revision']})." in text.out

    assert deployed.apply("--release-again").last["changed"] is True  # asked for, it is done although nothing changed

    by_hand(local_cloud, deployed)
    assert "cloudformation:ListStackResources" in deployed.apply().last["calls"]


def by_hand(local_cloud: LocalCloudHome, project: Project) -> None:
    """Changes the stack as someone with the console would."""
    client = raw(local_cloud.connect(project.folder, "shop"), "cloudformation")
    template = client.get_template(StackName="shop-production")["TemplateBody"]
    template["Outputs"]["ByHand"] = {"Value": "here"}
    client.update_stack(
        StackName="shop-production",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in template["Parameters"]],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    client.get_waiter("stack_update_complete").wait(StackName="shop-production", WaiterConfig={"Delay": 1})
