"""The preflight of a snapshot: whether it is there, and can become the database that the blueprint says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from answering import Region

from hivemind.aws.preflight import LOOKS_EVERYWHERE, Subject, look
from hivemind.flow.checking import check
from hivemind.flow.preflight import preflight
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING
from hivemind.plugins.loading import load
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

TEXT = """\
hivemind: 1
name: shop
region: eu-west-1
services:
  web: {{kind: worker, runtime: python 3.11, start: run, needs: [db]}}
resources:
  db: {{type: postgres, {options}}}
"""
GONE = CloudCallFailed("DBSnapshotNotFound", "DescribeDBSnapshots", "it is not there")


def snapshot(**changed: Any) -> dict[str, Any]:
    given = {"DBSnapshotIdentifier": "kept", "Engine": "postgres", "EngineVersion": "16.4", "MasterUsername": "app"}
    return given | {"AllocatedStorage": 20, "Status": "available", "Encrypted": True} | changed


def subject(tmp_path: Path, options: str, answer: Any, cloud: str = "aws") -> Subject:
    path = tmp_path / "hivemind.yaml"
    path.write_text(TEXT.format(options=options))
    checked = check(path, load(third_party=False), environment=None, lint=False)
    plan = make_plan(checked.blueprint, checked.assembly, NOTHING, {}, "", region="eu-west-1", cloud=cloud)
    region = Region({"rds.describe_db_snapshots": answer}, name=cloud)
    return Subject(checked.blueprint, checked.assembly, plan, NOTHING, region, datetime.now(UTC))  # type: ignore[arg-type]


def found(tmp_path: Path, options: str, *there: Any) -> list[Finding]:
    return list(look(subject(tmp_path, options, {"DBSnapshots": list(there)}), LOOKS_EVERYWHERE))


def test_one_that_fits(tmp_path: Path) -> None:
    assert found(tmp_path, "snapshot: kept", snapshot()) == []
    assert found(tmp_path, "storage: 20") == [], "without a snapshot nothing is asked"


def test_one_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    def answer(asked: Any) -> Any:
        others = [snapshot(DBSnapshotIdentifier=name) for name in ("shop-snapshot-1a2b", "unlike")]
        return GONE if "DBSnapshotIdentifier" in asked else {"DBSnapshots": others}

    (finding,) = look(subject(tmp_path, "snapshot: shop-snapshot-1a2c", answer), LOOKS_EVERYWHERE)
    assert (finding.id, finding.path) == ("H161", "resources.db.snapshot")
    assert "eu-west-1 has no snapshot shop-snapshot-1a2c" in finding.message
    assert finding.hint == "Did you mean shop-snapshot-1a2b?"
    (finding,) = look(subject(tmp_path, "snapshot: other-one", answer), LOOKS_EVERYWHERE)
    assert "The newest: " in str(finding.hint)


@pytest.mark.parametrize(
    ("options", "differs", "path", "hint"),
    [
        ("snapshot: kept", {"Engine": "mysql"}, "type", "Write `type: mysql`"),
        ("snapshot: kept", {"Status": "creating"}, "snapshot", "Wait until it is available."),
        ("snapshot: kept", {"EngineVersion": "17.2"}, "version", 'Write `version: "17.2"`'),
        ("snapshot: kept, version: '17'", {}, "version", "add `major_upgrade: true`"),
        ("snapshot: kept", {"AllocatedStorage": 100}, "storage", "Write `storage: 100`, or more."),
        ("snapshot: kept", {"MasterUsername": "postgres"}, "user", "Write `user: postgres`."),
        ("snapshot: kept, user: root", {}, "user", "Write `user: app`."),
    ],
)
def test_one_that_cannot_become_the_database(
    tmp_path: Path, options: str, differs: dict[str, Any], path: str, hint: str
) -> None:
    (finding,) = found(tmp_path, options, snapshot(**differs))
    assert (finding.id, finding.is_error, finding.path) == ("H161", True, f"resources.db.{path}")
    assert hint in str(finding.hint)


def test_a_later_version_and_more_storage_are_allowed(tmp_path: Path) -> None:
    assert found(tmp_path, "snapshot: kept, version: '16.8', storage: 50", snapshot()) == []
    assert found(tmp_path, "snapshot: kept, version: '17', major_upgrade: true", snapshot()) == []


def test_one_without_encryption_is_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "snapshot: kept", snapshot(Encrypted=False))
    assert (finding.id, finding.severity) == ("H437", "warning")
    assert "copy-db-snapshot" in str(finding.hint)


def test_the_local_cloud_is_asked_for_snapshots_alone(tmp_path: Path) -> None:
    asking = subject(tmp_path, "snapshot: kept", GONE, cloud="local")
    checked = check(tmp_path / "hivemind.yaml", load(third_party=False), environment=None, lint=False)
    findings = list(preflight(checked, asking.plan, NOTHING, asking.cloud))
    assert [one.id for one in findings] == ["H480"], "the list of names is refused as well"
    assert {service for service, _ in asking.cloud.asked} == {"rds.describe_db_snapshots"}  # type: ignore[attr-defined]
