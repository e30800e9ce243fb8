"""Databases that a snapshot fills: what is in the template, and what a plan says when the snapshot changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_plan_databases import BLUEPRINT, planned, standing

from hivemind.plan.model import Action, Change, Plan
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast


def changed(folder: Path, before: str, after: str) -> tuple[list[Finding], list[Change], Plan]:
    checked, plan = planned(folder, after, standing(folder, before))
    findings = [one for one in checked.findings if one.id in ("H162", "H164")]
    return findings, [one for one in plan.changes if one.type == "AWS::RDS::DBInstance"], plan


@pytest.mark.parametrize("kind", ["postgres", "mysql", "mariadb"])
def test_a_snapshot_brings_its_own_user_databases_and_encryption(tmp_path: Path, kind: str) -> None:
    blueprint = BLUEPRINT.replace("postgres", kind)
    checked, _ = planned(tmp_path, "snapshot: kept, database: stock, user: root", blueprint=blueprint)
    resources = checked.assembly.resources
    properties = resources["DbDatabase"]["Properties"]
    assert properties["DBSnapshotIdentifier"] == "kept"
    assert {"DBName", "MasterUsername", "StorageEncrypted"}.isdisjoint(properties)
    assert "password" in str(properties["MasterUserPassword"])
    made = resources["DbDatabaseSecret"]["Properties"]["GenerateSecretString"]
    assert made["SecretStringTemplate"] == '{"username":"root"}'
    assert checked.assembly.bindings["db"].env["DATABASE_URL"].endswith("/stock")


@pytest.mark.parametrize(
    ("before", "after", "said", "line"),
    [
        ("storage: 20", "snapshot: kept", "replaced by what the snapshot kept holds", "snapshot: kept"),
        ("snapshot: kept", "snapshot: other", "replaced by what the snapshot other holds", "snapshot: other"),
        ("snapshot: kept", "storage: 20", "without `snapshot: kept`, resources.db is replaced by an empty", "db:"),
    ],
)
def test_another_snapshot_replaces_the_database_and_the_plan_says_so(
    tmp_path: Path, before: str, after: str, said: str, line: str
) -> None:
    (finding,), (change,), plan = changed(tmp_path, before, after)
    assert (finding.id, finding.severity) == ("H162", "warning")
    assert said in finding.message
    assert line in finding.place.excerpt  # type: ignore[union-attr]
    assert (change.action, change.policy) == (Action.REPLACE, "Snapshot")
    assert plan.losing_data == (change,)


def test_the_same_snapshot_restores_nothing_again(tmp_path: Path) -> None:
    findings, (change,), _ = changed(tmp_path, "snapshot: kept, storage: 20", "snapshot: kept, storage: 30")
    assert (findings, change.action) == ([], Action.UPDATE)


def test_the_master_user_of_a_database_that_is_there_cannot_change(tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as refused:
        changed(tmp_path, "snapshot: kept", "snapshot: kept, user: other")
    (finding,) = refused.value.findings
    assert (finding.id, finding.path) == ("H164", "resources.db.user")
    findings, _, _ = changed(tmp_path, "snapshot: kept", "snapshot: other, user: other")
    assert [one.id for one in findings] == ["H162"]


@pytest.mark.parametrize(("options", "identity"), [("user: root", "H163"), ("snapshot: a--b", "H107")])
def test_what_restores_nothing_is_refused(tmp_path: Path, options: str, identity: str) -> None:
    with pytest.raises(FindingsError) as refused:
        planned(tmp_path, options)
    assert identity in {one.id for one in refused.value.findings}


def test_an_arn_of_another_account_is_a_snapshot(tmp_path: Path) -> None:
    arn: Any = "arn:aws:rds:eu-west-1:210987654321:snapshot:rds:shop-2026"
    checked, _ = planned(tmp_path, f"snapshot: '{arn}'")
    assert checked.assembly.resources["DbDatabase"]["Properties"]["DBSnapshotIdentifier"] == arn
