"""Another value of a secret: no change by itself, and rolled out when asked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.testing.clients import raw
from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.slow


def test_another_value_is_rolled_out_by_releasing_again(
    deployed: Project, local_cloud: LocalCloudHome, tmp_path: Path
) -> None:
    secret = "secrets: {GREETING: 'ssm:/rotated/greeting'}"
    deployed.replace("hivemind.yaml", "    health: /health\n", f"    health: /health\n    {secret}\n")
    cloud = local_cloud.connect(deployed.folder, "shop")
    ssm = raw(cloud, "ssm")  # HiveMind's own client refuses to write secrets
    ssm.put_parameter(Name="/rotated/greeting", Type="SecureString", Value="ahoy-one")
    before = int(deployed.apply().last["revision"][1:])
    assert deployed.get().text.startswith("ahoy-one|")

    ssm.put_parameter(Name="/rotated/greeting", Type="SecureString", Value="ahoy-two", Overwrite=True)
    assert deployed.apply().last["changed"] is False
    assert deployed.get().text.startswith("ahoy-one|")

    reviewed = tmp_path / "plan.json"
    said = deployed.run("plan", *deployed.target, "--release-again", "--out", str(reviewed)).out
    assert "release on 1 instance: requested" in said
    again = deployed.run("apply", str(reviewed), "--json").last
    assert (again["revision"], again["verdict"]) == (f"r{before + 1}", "good")
    assert deployed.get().text.startswith("ahoy-two|")

    assert deployed.apply().last["changed"] is False, "asked for once"


@pytest.mark.stress
def test_apply_can_be_asked_directly(deployed: Project) -> None:
    before = int(deployed.apply().last["revision"][1:])
    assert deployed.apply("--release-again").last["revision"] == f"r{before + 1}"
