"""A reviewed plan goes to the cloud that it was made for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.flow import clouds
from hivemind.plan import file
from hivemind.values.errors import CloudUnreachable

BLUEPRINT = "hivemind: 1\nname: shop\nregion: eu-west-1\nservices: {web: {kind: static, static: site}}\n"


@pytest.mark.stress
@pytest.mark.parametrize("where", ["local", "aws"])
def test_a_plan_is_applied_where_it_was_reviewed_for(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("hivemind.flow.basis.reachable", lambda *_, **__: None)
    project = tmp_path / "project"
    (project / "site").mkdir(parents=True)
    (project / "site/index.html").write_text("<p>shop")
    (project / "hivemind.yaml").write_text(BLUEPRINT)
    monkeypatch.chdir(project)
    assert main(["plan", f"--{where}", "--out", "reviewed.json"]) == 0
    assert file.load(Path("reviewed.json")).cloud == where
    asked: list[bool] = []

    def connect(*_: object, local: bool, **__: object) -> None:
        asked.append(local)
        raise CloudUnreachable("nobody is there")

    monkeypatch.setattr(clouds, "connect", connect)
    capsys.readouterr()
    assert main(["apply", "reviewed.json", "--json"]) == 8
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["exit"] == "unreachable"
    assert asked == [where == "local"]
