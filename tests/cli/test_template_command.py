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
