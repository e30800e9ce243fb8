"""What a plan says about databases that RDS would not change, or only while they are down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hivemind import pipeline
from hivemind.aws.cloud import stock_platform
from hivemind.flow import planning
from hivemind.flow.checking import Checked
from hivemind.plan.model import NOTHING, Action, Basis, Plan, Snapshot
from hivemind.plugins.loading import load
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding

BLUEPRINT = """\
hivemind: 1
name: shop
services:
  web: {{kind: worker, runtime: python 3.11, start: python app.py, needs: [db]}}
resources:
  db: {{type: postgres, {options}}}
"""


def planned(
    folder: Path, options: str, snapshot: Snapshot = NOTHING, more: str = "", blueprint: str = BLUEPRINT
) -> tuple[Checked, Plan]:
    (folder / "hivemind.yaml").write_text(blueprint.format(options=options) + more)
    (folder / "app.py").write_text("print()\n")
    checked = pipeline.check(folder / "hivemind.yaml", load(third_party=False), lint=False)
    compared, plan, _ = planning.planned(
        checked, snapshot, stock_platform, region="eu-west-1", cloud="aws", made_at="2026-01-01T00:00:00+00:00"
    )
    return compared, plan


def standing(folder: Path, options: str, basis: Basis = Basis.RECORDED) -> Snapshot:
    checked, _ = planned(folder, options)
    return Snapshot(basis, stack_id="arn", status="UPDATE_COMPLETE", template=checked.assembly.template, revision=1)


def changed(folder: Path, before: str, after: str) -> tuple[list[Finding], Plan | None]:
    try:
        checked, plan = planned(folder, after, standing(folder, before))
    except FindingsError as error:
        return list(error.findings), None
    return [finding for finding in checked.findings if finding.id.startswith("H45")], plan


def test_redis_goes_up_and_never_back(tmp_path: Path) -> None:
    higher, lower = (f'type: redis, version: "{version}"' for version in ("9.0", "8.1"))
    kind = BLUEPRINT.replace("type: postgres, ", "")
    found = {}
    for before, after in ((higher, lower), (lower, higher)):
        checked, _ = planned(tmp_path, before, blueprint=kind)
        stands = Snapshot(
            Basis.RECORDED, stack_id="arn", status="UPDATE_COMPLETE", template=checked.assembly.template, revision=1
        )
        try:
            planned(tmp_path, after, stands, blueprint=kind)
        except FindingsError as error:
            found[after] = [(one.id, "ElastiCache refuses" in one.message) for one in error.findings]
    assert found == {lower: [("H451", True)]}


@pytest.mark.parametrize(
    ("before", "after", "identity", "at"),
    [
        ('version: "17"', 'version: "16"', "H451", 'version: "16"'),
        ('version: "16.8"', 'version: "16.4"', "H451", 'version: "16.4"'),
        ('version: "17"', 'version: "16.8", major_upgrade: true', "H451", 'version: "16.8"'),
        ('version: "16"', 'version: "17"', "H452", 'version: "17"'),
        ('version: "16.8"', 'version: "17.4"', "H452", 'version: "17.4"'),
        ("storage: 50", "storage: 20", "H453", "storage: 20"),
    ],
)
def test_what_rds_would_refuse_is_an_error_at_its_place(
    tmp_path: Path, before: str, after: str, identity: str, at: str
) -> None:
    found, plan = changed(tmp_path, before, after)
    assert plan is None
    assert [(one.id, one.is_error) for one in found] == [(identity, True)]
    place = found[0].place
    assert place is not None
    assert place.line == 6
    assert place.excerpt is not None
    assert place.excerpt[(place.column or 0) - 1 :].startswith(at.partition(": ")[2].rstrip("}").split(",")[0])
    assert found[0].hint


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('version: "16.4"', 'version: "16.8"'),
        ('version: "16"', 'version: "16.8"'),
        ('version: "16.8"', 'version: "16"'),
        ("storage: 20", "storage: 50"),
        ("size: db.t3.small", "size: db.t3.micro"),
    ],
)
def test_other_updates_go_through(tmp_path: Path, before: str, after: str) -> None:
    found, plan = changed(tmp_path, before, after)
    assert found == []
    assert plan is not None
    assert [(change.type, change.action) for change in plan.changes] == [("AWS::RDS::DBInstance", Action.UPDATE)]


def test_an_allowed_major_upgrade_is_planned_with_a_warning_of_its_downtime(tmp_path: Path) -> None:
    found, plan = changed(tmp_path, 'version: "16"', 'version: "17", major_upgrade: true')
    assert [(one.id, one.is_error) for one in found] == [("H452", False)]
    assert "down during the upgrade" in found[0].message
    assert plan is not None
    (change,) = plan.changes
    assert dict(change.after) == {"AllowMajorVersionUpgrade": True, "EngineVersion": "17"}


def test_an_override_that_goes_back_is_named(tmp_path: Path) -> None:
    snapshot = standing(tmp_path, 'version: "17"')
    override: dict[str, Any] = {"op": "replace", "path": "/Resources/DbDatabase/Properties/EngineVersion"}
    with pytest.raises(FindingsError) as refused:
        planned(tmp_path, 'version: "17"', snapshot, f"overrides:\n  - {override | {'value': '15'}}\n")
    assert [(one.id, one.path) for one in refused.value.findings] == [("H451", "overrides.0")]
