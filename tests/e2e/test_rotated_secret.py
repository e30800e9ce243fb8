"""Another value of a secret: no change by itself, and rolled out when asked to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.testing.clients import raw
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"


def test_another_value_is_rolled_out_by_releasing_again(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome, tmp_path: Path
) -> None:
    project = local_project(hello("rotated", service="secrets: {GREETING: 'ssm:/rotated/greeting'}", more=SMALL))
    cloud = local_cloud.connect(project.folder, "rotated")
    ssm = raw(cloud, "ssm")  # HiveMind's own client refuses to write secrets
    ssm.put_parameter(Name="/rotated/greeting", Type="SecureString", Value="ahoy-one")
    project.apply()
    assert project.get().text.startswith("ahoy-one|")

    ssm.put_parameter(Name="/rotated/greeting", Type="SecureString", Value="ahoy-two", Overwrite=True)
    assert project.apply().last["changed"] is False
    assert project.get().text.startswith("ahoy-one|")

    reviewed = tmp_path / "plan.json"
    said = project.run("plan", *project.target, "--release-again", "--out", str(reviewed)).out
    assert "release on 1 instance: requested" in said
    again = project.run("apply", str(reviewed), "--json").last
    assert (again["revision"], again["verdict"]) == ("r2", "good")
    assert project.get().text.startswith("ahoy-two|")

    assert project.apply().last["changed"] is False, "asked for once"


@pytest.mark.stress
def test_apply_can_be_asked_directly(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("again", more=SMALL))
    project.apply()
    assert project.apply("--release-again").last["revision"] == "r2"
