"""Another value of a secret: no change by itself, and rolled out when asked to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"


def test_another_value_is_rolled_out_by_releasing_again(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome, tmp_path: Path
) -> None:
    project = local_project(hello("rotated", service="secrets: {GREETING: 'ssm:/rotated/greeting'}", more=SMALL))
    cloud = local_cloud.connect(project.folder, "rotated")
    # A user's own client: HiveMind's refuses to write secrets.
    ssm = boto3.client(
        "ssm",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=cloud.account,
        aws_secret_access_key="local",
    )
    ssm.put_parameter(Name="/rotated/greeting", Type="SecureString", Value="ahoy-one")
    project.apply()
    assert project.get().text.startswith("ahoy-one|")

    ssm.put_parameter(Name="/rotated/greeting", Type="SecureString", Value="ahoy-two", Overwrite=True)
    assert project.apply().last["changed"] is False
    assert project.get().text.startswith("ahoy-one|")

    reviewed = tmp_path / "plan.json"
    said = project.run("plan", *project.target, "--release-again", "--out", str(reviewed)).out
    assert "release on 1 instance: asked for" in said
    again = project.run("apply", str(reviewed), "--json").last
    assert (again["revision"], again["verdict"]) == ("r2", "good")
    assert project.get().text.startswith("ahoy-two|")

    assert project.apply().last["changed"] is False, "asked for once"


def test_apply_can_be_asked_directly(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("again", more=SMALL))
    project.apply()
    assert project.apply("--release-again").last["revision"] == "r2"
