"""Commands are about the deployment that the file means, and say what else was deployed from its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Recorded, Revision
from hivemind.flow.deployments import stores
from hivemind.values.exits import ExitCode

BLUEPRINT = "hivemind: 1\nname: shop\nregion: eu-west-1\nservices: {web: {kind: static, static: site}}\n"
DATABASE = {"Resources": {"Db": {"Type": "AWS::RDS::DBInstance"}}}
OLD = "shop-production-000000000000-us-east-1"
WITHOUT_BLUEPRINT = ("events", "logs", "open", "ssh", "verify", "destroy", "rollback")

pytestmark = pytest.mark.fast


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was applied to us-east-1, whose file now says eu-west-1."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("<p>shop")
    (tmp_path / "hivemind.yaml").write_text(BLUEPRINT)
    _, local = stores()
    local.save(
        DeploymentState(
            OLD, DeploymentStatus.DEPLOYED, name="shop", account="000000000000", region="us-east-1", cloud="local",
            checkout=str(tmp_path.resolve()), revisions=(Revision(1, "2026-01-01T00:00:00Z"),),
            recorded=Recorded("CREATE_COMPLETE", DATABASE), urls={"web": "http://old"},
        )
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", WITHOUT_BLUEPRINT)
def test_a_deployment_in_another_region_is_named_and_left_alone(
    moved: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, *(["--yes"] if command in ("destroy", "rollback") else [])]) == ExitCode.NOT_FOUND
    said = capsys.readouterr().err
    assert f"nothing is deployed from {moved.resolve()} in environment production as shop in eu-west-1" in said
    assert f"{OLD} (local)" in said
    assert "Choose one with -d ID." in said
    assert main(["open", "--print", "-d", OLD]) == ExitCode.OK


def test_status_says_that_nothing_is_deployed_and_what_else_is(moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == ExitCode.OK
    said = capsys.readouterr()
    assert "Nothing is deployed from" in said.out
    assert OLD in said.err
    assert main(["status", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"deployment": None}


def test_a_plan_for_a_new_region_is_a_first_one_and_says_what_stays(
    moved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hivemind.lint.lint", lambda *_, **__: ())  # seconds, and no matter here
    assert main(["plan"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "shop (production, local eu-west-1)   r1   basis: none" in said
    assert "This creates a second deployment. The one with region us-east-1 stays and keeps running:" in said
    assert f"{OLD}  holds data, which is not copied: Db" in said
    assert f"hivemind destroy -d {OLD}" in said
    assert "Nothing that holds data" not in said
