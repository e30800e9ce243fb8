from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.deploy.state import DeploymentState, DeploymentStatus, Recorded, StateStore
from hivemind.flow.deployments import Known
from hivemind.flow.instances import Chosen, login
from hivemind.template.images import IMAGES, image_parameter

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("os", "user"),
    [("debian-12", "admin"), ("debian-13", "admin"), ("amazon-linux-2023", "ec2-user"), ("ubuntu-24.04", "ubuntu")],
)
@pytest.mark.parametrize("size", ["t3.micro", "t4g.micro"])
def test_the_login_is_that_of_the_instances_system(tmp_path: Path, os: str, user: str, size: str) -> None:
    assert os in IMAGES
    parameter, _ = image_parameter(os, size)
    template = {"Resources": {"WebInstance1": {"Properties": {"ImageId": {"Ref": parameter}}}}}
    recorded = Recorded(status="CREATE_COMPLETE", template=template, physical_ids={"WebInstance1": "i-1"})
    state = DeploymentState("shop", DeploymentStatus.DEPLOYED, recorded=recorded)
    known = Known(StateStore(tmp_path), state)
    assert login(known, Chosen("web", "i-1", 1)) == user
    assert login(known, Chosen("web", "i-2", 2)) == "admin"


def test_an_instance_of_a_group_has_the_system_of_its_launch_template(tmp_path: Path) -> None:
    parameter, _ = image_parameter("ubuntu-24.04", "t3.micro")
    data = {"LaunchTemplateData": {"ImageId": {"Ref": parameter}}}
    recorded = Recorded(status="CREATE_COMPLETE", template={"Resources": {"WebLaunchTemplate": {"Properties": data}}})
    known = Known(StateStore(tmp_path), DeploymentState("shop", DeploymentStatus.DEPLOYED, recorded=recorded))
    assert login(known, Chosen("web", "i-9", 1)) == "ubuntu"
