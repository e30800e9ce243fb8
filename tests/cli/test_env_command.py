from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind.cli.main import main
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore
from hivemind.machine import home
from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

BLUEPRINT = """\
hivemind: 1
name: shop
cloud: local
services:
  web:
    runtime: python 3.11
    start: python app.py
    port: 8000
    needs: [db]
    env: {GREETING: hello, ALSO: "as $PGPASSWORD", API_KEY: abcdef123456}
    secrets: {STRIPE: "ssm:/shop/stripe", SECRET_KEY: generate}
resources: {db: {type: postgres}}
environments:
  production: {stage: stage-1}
  staging:
    stage: stage-1
    services: {web: {env: {GREETING: hi, MORE: "1", API_KEY: zyxwvu654321}, secrets: {STRIPE: "ssm:/staging/stripe"}}}
"""
SECRETS = ("abcdef123456", "zyxwvu654321")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "hivemind.yaml").write_text(BLUEPRINT)
    (folder / "app.py").write_text("print(1)\n")
    monkeypatch.setenv("HIVEMIND_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(folder)
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = ExitCode.OK) -> str:
    assert main(words) == code
    shown = capsys.readouterr()
    assert not any(secret in shown.out + shown.err for secret in SECRETS)
    return shown.out if code == ExitCode.OK else shown.err


@pytest.mark.fast
@pytest.mark.usefixtures("project")
def test_variables_have_an_origin_and_secrets_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    found = {
        one["name"]: (one["value"], one["origin"], one["secret"])
        for one in json.loads(said(capsys, "env", "show", "web", "--json"))["services"]["web"]
    }
    assert found["GREETING"] == ("hello", "hivemind.yaml:10", False)
    assert found["ALSO"] == ("as $PGPASSWORD", "hivemind.yaml:10", True)
    assert found["API_KEY"] == (None, "hivemind.yaml:10", True)
    assert found["STRIPE"] == (None, "secret ssm:/shop/stripe", True)
    assert found["SECRET_KEY"] == (None, "made with the stack", True)
    assert found["PGPASSWORD"] == (None, "resource db", True)
    assert found["PGHOST"] == (None, "resource db", False)
    assert found["PORT"][0] == "8000"
    assert "STRIPE        (hidden)" in said(capsys, "env", "show")


@pytest.mark.fast
@pytest.mark.usefixtures("project")
def test_two_environments_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "env", "diff", "staging", "production", "--json"))
    marks = {one["variable"]: (one["before"], one["after"]) for one in found["changes"]}
    assert set(marks) == {"API_KEY", "GREETING", "MORE", "STRIPE"}
    assert marks["GREETING"] == ("= hi", "= hello")
    assert marks["MORE"] == ("= 1", None)
    assert marks["STRIPE"] == ("secret ssm:/staging/stripe", "secret ssm:/shop/stripe")
    text = said(capsys, "env", "diff", "staging", "production")
    assert "a hidden value → a hidden value" in text
    assert "No variable differs." in said(capsys, "env", "diff", "staging", "staging")


@pytest.mark.fast
def test_the_next_apply_is_compared_with_what_was_released(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing deployed" in said(capsys, "env", "diff")
    marks = {one["variable"]: one["after"] for one in json.loads(said(capsys, "env", "diff", "--json"))["changes"]}
    released = {**marks, "GREETING": "= good morning", "OLD": "= 1"}
    identity = "shop-production-123456789012-us-east-1"
    store = StateStore(home.local_cloud() / "deployments")
    state = DeploymentState(
        identity, DeploymentStatus.DEPLOYED, name="shop", cloud="local", region="us-east-1", account="123456789012",
        checkout=str(project), sources={"web": "1"}, environments={"web": released},
    )  # fmt: skip
    store.save(state)
    found = json.loads(said(capsys, "env", "diff", "--json"))
    assert [(one["variable"], one["before"], one["after"]) for one in found["changes"]] == [
        ("GREETING", "= good morning", "= hello"),
        ("OLD", "= 1", None),
    ]
    store.update(identity, environments={})  # as an older HiveMind left it
    assert "Not known: which variables web was released with." in said(capsys, "env", "diff")


@pytest.mark.fast
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("env", "show", "wbe"), ExitCode.NOT_FOUND, "Did you mean web? Services: web."),
        (("env", "diff", "--service", "wbe"), ExitCode.NOT_FOUND, "Did you mean web?"),
        (("env", "diff", "staging"), ExitCode.USAGE, "Name two environments"),
        (("env", "diff", "-e", "staging", "staging", "production"), ExitCode.USAGE, "leave it out"),
        (("env", "show", "-e", "stagin"), ExitCode.INVALID, ""),
    ],
)
def test_what_is_wrong_is_said(
    words: tuple[str, ...], code: ExitCode, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in said(capsys, *words, code=code)


@pytest.mark.slow
def test_after_an_apply_nothing_differs(standing: Project) -> None:
    assert "No variable differs." in standing.run("env", "diff").out
