"""What is found on the way to a plan is part of its data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.plan import file
from hivemind.values.exits import ExitCode

BLUEPRINT = """\
hivemind: 1
name: shop
services:
  web: {kind: worker, runtime: python 3.11, start: python app.py}
overrides:
  - {op: replace, path: /Resources/WebInstance1/Properties/MetadataOptions/HttpTokens, value: optional}
"""


@pytest.mark.stress
def test_warnings_are_in_the_data_and_do_not_keep_it_from_being_a_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hivemind.yaml").write_text(BLUEPRINT)
    (tmp_path / "app.py").write_text("print()\n")
    assert main(["plan", "--aws", "--json", str(tmp_path)]) == ExitCode.OK
    out = capsys.readouterr().out
    found = json.loads(out)["findings"]
    said = [(one["id"], one["severity"], one["line"]) for one in found if one["id"].startswith("H4")]
    assert said == [("H439", "warning", 6), ("H449", "info", 4)]
    saved = tmp_path / "plan.json"
    saved.write_text(out)
    assert file.load(saved).name == "shop"
