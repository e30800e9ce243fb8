"""The plugin through its hooks, as HiveMind calls them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import hivemind_storage
import pytest

from hivemind import CheckFailed, Event, EventKind, FindingsError, HttpResponse
from hivemind.testing import FakeProbe, checked, page, plugins_of, release

BLUEPRINT = """
hivemind: 1
name: shop
services:
  web: {runtime: python 3.12, start: gunicorn app, port: 8000, needs: [sessions]}
  worker: {kind: worker, runtime: python 3.12, start: celery}
resources:
  sessions: {type: table, key: user}
plugins: [hivemind-storage]
"""


def template(tmp_path: Path, text: str = BLUEPRINT) -> dict[str, dict]:
    plugins = plugins_of(**{"hivemind-storage": hivemind_storage})
    return dict(checked(tmp_path, text, plugins, lint=False).assembly.template)


def test_it_is_installed_under_its_name() -> None:
    from importlib.metadata import entry_points

    (point,) = entry_points(group="hivemind", name="hivemind-storage")
    assert point.load() is hivemind_storage


def test_the_table_is_encrypted_recoverable_and_kept(tmp_path: Path) -> None:
    table = template(tmp_path)["Resources"]["SessionsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True}
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "user", "KeyType": "HASH"}]
    assert "TimeToLiveSpecification" not in table["Properties"]


def test_items_are_sorted_and_expire_where_that_is_said(tmp_path: Path) -> None:
    said = BLUEPRINT.replace("key: user", "key: user, sort_key: created, expires: until")
    table = template(tmp_path, said)["Resources"]["SessionsTable"]["Properties"]
    assert {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]} == {"user": "HASH", "created": "RANGE"}
    assert [one["AttributeName"] for one in table["AttributeDefinitions"]] == ["user", "created"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "until", "Enabled": True}


def test_only_services_that_need_it_may_use_it(tmp_path: Path) -> None:
    resources = template(tmp_path)["Resources"]
    policies = [body["Properties"] for body in resources.values() if body["Type"] == "AWS::IAM::Policy"]
    mine = [policy for policy in policies if policy["PolicyName"] == "table-sessions"]
    assert [policy["Roles"] for policy in mine] == [[{"Ref": "WebInstanceRole"}]]


def test_access_can_be_to_read_only(tmp_path: Path) -> None:
    resources = template(tmp_path, BLUEPRINT.replace("type: table", "type: table, access: read"))["Resources"]
    statements = resources["WebUsesSessionsTable"]["Properties"]["PolicyDocument"]["Statement"]
    assert {action for statement in statements for action in statement["Action"]} == {
        "dynamodb:BatchGetItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
    }
    assert [statement["Resource"] for statement in statements] == [{"Fn::GetAtt": ["SessionsTable", "Arn"]}]


def test_the_service_finds_the_tables_name(tmp_path: Path) -> None:
    plugins = plugins_of(**{"hivemind-storage": hivemind_storage})
    binding = checked(tmp_path, BLUEPRINT, plugins, lint=False).assembly.bindings["sessions"]
    assert dict(binding.env) == {"SESSIONS_TABLE": "{name}"}
    assert dict(binding.outputs) == {"name": "SessionsTableName"}


def test_cfn_lint_has_nothing_to_say(tmp_path: Path) -> None:
    plugins = plugins_of(**{"hivemind-storage": hivemind_storage})
    findings = checked(tmp_path, BLUEPRINT, plugins).findings
    assert [finding for finding in findings if "Table" in finding.message] == []


def test_a_wrong_option_has_its_place(tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as raised:
        template(tmp_path, BLUEPRINT.replace("type: table", "type: table, acess: read"))
    (finding,) = raised.value.findings
    assert finding.place is not None
    assert finding.place.line == 8
    assert "acess" in finding.message


OPTIONS = {"file": "/logo.png", "content_type": "image/png", "at_least": 10}


def run_the_check(answer: HttpResponse) -> str:
    found = release(checks=(SimpleNamespace(kind="file", options=OPTIONS), SimpleNamespace(kind="http", options={})))
    plugins = plugins_of(**{"hivemind-storage": hivemind_storage})
    contributions, _ = plugins.gather("hivemind_checks", release=found)
    (check,) = next(entry.result for entry in contributions if entry.plugin == "hivemind-storage")
    return check.run(FakeProbe(pages={("web", "/logo.png"): answer}))


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (page(200, "x" * 10, headers={"Content-Type": "image/png"}), "image/png, 10 bytes"),
        (page(200, "", headers={"content-type": "image/png; q=1", "content-length": "2048"}), "image/png, 2048 bytes"),
    ],
)
def test_a_file_that_is_served(answer: HttpResponse, seen: str) -> None:
    assert run_the_check(answer) == seen


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (page(404), "/logo.png answers 404, expected 200"),
        (page(200, "x" * 10, headers={"Content-Type": "text/html"}), "/logo.png is text/html, expected image/png"),
        (page(200, "x", headers={"Content-Type": "image/png"}), "/logo.png has 1 bytes, expected at least 10"),
    ],
)
def test_a_file_that_is_not_served_right(answer: HttpResponse, problem: str) -> None:
    with pytest.raises(CheckFailed) as raised:
        run_the_check(answer)
    assert str(raised.value) == problem


def test_the_log_keeps_what_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = plugins_of(**{"hivemind-storage": hivemind_storage})
    monkeypatch.setenv("HIVEMIND_STORAGE_LOG", str(tmp_path / "log"))
    for kind in (EventKind.STARTED, EventKind.FINISHED):
        assert plugins.notify(Event("2026-01-01T00:00:00Z", "shop", "a1", "stack", "Db", kind, "created")) == ()
    assert plugins.flush() == ()
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line)["kind"] == "finished"
    monkeypatch.delenv("HIVEMIND_STORAGE_LOG")
    assert plugins.notify(Event("2026-01-01T00:00:00Z", "shop", "a1", "stack", "Db", EventKind.FAILED, "no")) == ()
    assert plugins.flush() == ()
    assert len((tmp_path / "log").read_text().splitlines()) == 1
