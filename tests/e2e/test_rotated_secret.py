"""Another value of a secret: no change by itself, and rolled out when asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hivemind.testing.clients import raw
from hivemind.testing.project import Project
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.slow


@pytest.mark.stress
def test_another_value_is_rolled_out_by_releasing_again(
    deployed: Project, local_cloud: LocalCloudHome, tmp_path: Path
) -> None:
    secrets = "secrets: {GREETING: 'ssm:/rotated/greeting', MOOD: 'secretsmanager:rotated/mood#now'}"
    deployed.replace("hivemind.yaml", "    health: /health\n", f"    health: /health\n    {secrets}\n")
    refused = deployed.run("plan", *deployed.target, code=3)
    assert "H456  GREETING of services.web is not stored" in refused.err
    assert "Store it: `hivemind secrets set MOOD`." in refused.err

    stored = deployed.run("secrets", "set", "GREETING", *deployed.target, stdin="ahoy-one\n")
    assert "Stored GREETING of web in ssm:/rotated/greeting" in stored.out
    secret = raw(local_cloud.connect(deployed.folder, "shop"), "secretsmanager")
    secret.create_secret(Name="rotated/mood", SecretString='{"now": "calm", "then": "wild"}')
    deployed.run("secrets", "set", "MOOD", *deployed.target, stdin="merry")
    assert secret.get_secret_value(SecretId="rotated/mood")["SecretString"] == '{"now": "merry", "then": "wild"}'
    assert "missing" not in deployed.run("secrets", "list", *deployed.target).out
    unknown = deployed.run("secrets", "set", "GREETNG", *deployed.target, stdin="x", code=7)
    assert "Its secrets: GREETING, MOOD." in unknown.err
    unset_and_imported(deployed, secret)
    before = int(deployed.apply().last["revision"][1:])
    assert deployed.get().text.startswith("ahoy-one|")

    deployed.run("secrets", "set", "GREETING", *deployed.target, stdin="ahoy-two")
    assert deployed.apply().last["changed"] is False
    assert deployed.get().text.startswith("ahoy-one|")

    reviewed = tmp_path / "plan.json"
    said = deployed.run("plan", *deployed.target, "--release-again", "--out", str(reviewed)).out
    assert "release on 1 instance: requested" in said
    again = deployed.run("apply", str(reviewed), "--json").last
    assert (again["revision"], again["verdict"]) == (f"r{before + 1}", "good")
    assert deployed.get().text.startswith("ahoy-two|")

    assert deployed.apply().last["changed"] is False, "asked for once"


def unset_and_imported(deployed: Project, secret: Any) -> None:
    """Both secrets deleted, of which one waits for its deletion, and stored again out of a file."""
    asked = deployed.run("secrets", "unset", "GREETING", *deployed.target, code=5).err
    assert "hivemind secrets unset GREETING --yes" in asked
    assert "Deleted GREETING" in deployed.run("secrets", "unset", "GREETING", "-y", *deployed.target).out
    absent = deployed.run("secrets", "unset", "GREETING", "-y", *deployed.target, code=7).err
    assert "GREETING is not stored" in absent
    deployed.run("secrets", "unset", "MOOD", "-y", *deployed.target)
    assert secret.get_secret_value(SecretId="rotated/mood")["SecretString"] == '{"then": "wild"}'
    secret.delete_secret(SecretId="rotated/mood")
    assert deployed.run("secrets", "list", *deployed.target).out.count("missing") == 2

    wrong = deployed.run(
        "secrets", "import", "-", *deployed.target, stdin="GREETNG=ahoy-one\nMOOD='merry\n", code=3
    ).err
    assert "<stdin>:2:6: the quote of MOOD is not closed" in wrong
    unknown = deployed.run("secrets", "import", "-", *deployed.target, stdin="GREETNG=ahoy-one", code=3).err
    assert "<stdin>:1: GREETNG is no secret of hivemind.yaml. Did you mean GREETING?" in unknown
    assert "ahoy" not in wrong + unknown
    deployed.write({"values.env": "export GREETING='ahoy-one'\nDEBUG=1\nMOOD=merry # for now\n"})
    done = deployed.run("secrets", "import", "values.env", "--skip-unknown", "--json", *deployed.target)
    assert [each["variable"] for each in done.last["secrets"]] == ["GREETING", "MOOD"]
    assert done.last["skipped"] == ["DEBUG"]
    assert "ahoy" not in done.out + done.err
    assert secret.get_secret_value(SecretId="rotated/mood")["SecretString"] == '{"then": "wild", "now": "merry"}'


@pytest.mark.stress
def test_apply_can_be_asked_directly(deployed: Project) -> None:
    before = int(deployed.apply().last["revision"][1:])
    assert deployed.apply("--release-again").last["revision"] == f"r{before + 1}"
