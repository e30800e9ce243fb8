from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from hivemind.cli.main import main
from hivemind.values.exits import ExitCode

GOLDEN = Path(__file__).parents[1] / "golden" / "grown"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hivemind.yaml").write_text((GOLDEN / "hivemind.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_the_template_is_printed_as_it_is_handed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", str(folder)]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert main(["template", str(folder / "hivemind.yaml"), "--yaml"]) == ExitCode.OK
    assert capsys.readouterr().out == printed
    assert yaml.compose(printed) is not None
    assert main(["template", str(folder), "--json"]) == ExitCode.OK
    template = json.loads(capsys.readouterr().out)
    assert f"\n  {min(template['Resources'])}:\n" in printed


def test_an_override_that_leads_nowhere_is_a_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "hivemind.yaml"
    text = file.read_text(encoding="utf-8").replace("/Resources/DbDatabase/", "/Resources/DbDatabse/")
    file.write_text(text, encoding="utf-8")
    assert main(["template", str(folder)]) == ExitCode.INVALID
    shown = capsys.readouterr().err
    assert "H420" in shown
    assert "Did you mean /Resources/DbDatabase?" in shown
    assert "Traceback" not in shown


def test_the_policy_that_a_blueprint_needs_is_printed_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def actions(*options: str) -> set[str]:
        assert main(["iam-policy", str(folder), *options]) == ExitCode.OK
        statements = json.loads(capsys.readouterr().out)["Statement"]
        listed = (one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in statements)
        return {action for each in listed for action in each}

    role = "arn:aws:iam::123456789012:role/shop-cloudformation"
    whole, caller, of_role = actions(), actions("--role-arn", role), actions("--role-arn", role, "--of-role")
    assert {"cloudformation:CreateStack", "ec2:RunInstances", "rds:CreateDBInstance"} <= whole
    assert "cloudformation:CreateStack" in caller
    assert not {"ec2:RunInstances", "rds:CreateDBInstance"} & caller
    assert {"ec2:RunInstances", "rds:CreateDBInstance"} <= of_role
    assert "cloudformation:CreateStack" not in of_role


def test_what_a_policy_does_not_know_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "hivemind.yaml"
    board = "{Type: 'AWS::CloudWatch::Dashboard', Properties: {DashboardBody: '{}'}}"
    added = f"  - {{op: add, path: /Resources/Board, value: {board}}}"
    text = file.read_text(encoding="utf-8")
    assert "\noverrides:\n" in text
    file.write_text(text.replace("\noverrides:\n", f"\noverrides:\n{added}\n"), encoding="utf-8")
    assert main(["iam-policy", str(folder)]) == ExitCode.OK
    assert "Not in the policy: what AWS::CloudWatch::Dashboard needs" in capsys.readouterr().err
    assert main(["iam-policy", str(folder), "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["lacking"] == ["AWS::CloudWatch::Dashboard"]
