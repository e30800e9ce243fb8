"""Plans: what they say, what their digest covers, what a file of one is checked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.blueprint.model import Blueprint, Service
from hivemind.plan import file, show
from hivemind.plan.digest import with_digest
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING, Action, Basis, Change, LeftBehind, Plan, Snapshot
from hivemind.template.fragment import Assembly, Owner
from hivemind.values.artifact import Provenance
from hivemind.values.errors import DeploymentNotFound, FindingsError

pytestmark = pytest.mark.fast

BLUEPRINT = Blueprint("shop", region="eu-west-1", services={"web": Service("web", instances=2)})
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Revision": {"Type": "String"}},
    "Resources": {
        "VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "WebInstance1": {"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": "t3.micro", "SubnetId": "s"}},
        "Db": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Snapshot",
            "UpdateReplacePolicy": "Snapshot",
            "Properties": {
                "AllocatedStorage": "20",
                "DBName": "a",
                "Tags": [{"Key": "hivemind:owner", "Value": "provisioner"}],
            },
        },
        "S3ArtifactBucket": {"Type": "AWS::S3::Bucket"},
    },
}
OWNERS = {
    "VPC": Owner("provisioner", "network"),
    "WebInstance1": Owner("provisioner", "services.web"),
    "Db": Owner("provisioner", "resources.db"),
    "S3ArtifactBucket": Owner("provisioner", "services"),
}
STANDING = Snapshot(
    Basis.LIVE,
    stack_id="arn",
    status="UPDATE_COMPLETE",
    template=TEMPLATE,
    parameters={"Revision": "3"},
    physical_ids={"Db": "db-1"},
    artifacts={"web": "d1"},
    revision=3,
)


def edited(**properties: Any) -> dict[str, Any]:
    """The template with properties of resources changed: `Db={"DBName": "b"}`; None takes a resource out."""
    resources = {name: dict(part) for name, part in TEMPLATE["Resources"].items()}
    for name, values in properties.items():
        if values is None:
            del resources[name]
        else:
            resources[name] = {**resources[name], "Properties": {**resources[name].get("Properties", {}), **values}}
    return {**TEMPLATE, "Resources": resources}


def made(
    template: dict[str, Any] = TEMPLATE, snapshot: Snapshot = STANDING, source: str = "d1", **options: Any
) -> Plan:
    assembly = Assembly(template, OWNERS, {}, {})
    return make_plan(BLUEPRINT, assembly, snapshot, {"web": source}, "2026-01-01T00:00:00Z", **options)


def test_nothing_changed_is_an_empty_plan_whatever_the_revision() -> None:
    plan = made(parameters={"Revision": "4"})
    assert plan.empty
    assert plan.revision == 4
    assert "  Nothing changes." in show.lines(plan)


def test_a_first_plan_creates_everything_and_its_digest_does_not_hang_on_the_basis() -> None:
    offline = made(snapshot=NOTHING)
    live = made(snapshot=Snapshot(Basis.LIVE), parameters={"Revision": "1"})
    assert {change.action for change in offline.changes} == {Action.CREATE}
    assert len(offline.changes) == 4
    assert offline.releases[0].needed
    assert (offline.basis, live.basis) == (Basis.NONE, Basis.LIVE)
    assert offline.digest == live.digest
    assert made(snapshot=replace(STANDING, basis=Basis.RECORDED)).digest == made().digest


def test_the_digest_covers_what_would_happen() -> None:
    plans = [
        made(),
        made(source="d2"),
        made(edited(Db={"AllocatedStorage": "50"})),
        made(edited(Db={"AllocatedStorage": "60"})),
        made(edited(VPC=None)),
        made(snapshot=NOTHING),
        made(snapshot=replace(STANDING, status="UPDATE_ROLLBACK_FAILED")),
    ]
    assert len({plan.digest for plan in plans}) == len(plans)


def test_data_that_would_be_lost_is_named_with_its_policy() -> None:
    plan = made(edited(Db={"DBName": "b"}))
    (change,) = plan.losing_data
    assert (change.action, change.replacing, change.policy) == (Action.REPLACE, ("DBName",), "Snapshot")
    assert (change.before, change.after) == ({"DBName": "a"}, {"DBName": "b"})
    assert "Db (replace, Snapshot)" in "\n".join(show.lines(plan))


def test_a_deleted_resource_keeps_its_former_owner() -> None:
    assembly = Assembly(edited(Db=None), {"VPC": OWNERS["VPC"]}, {}, {})
    plan = make_plan(BLUEPRINT, assembly, STANDING, {}, "")
    change = next(change for change in plan.changes if change.logical_id == "Db")
    assert (change.action, change.plugin, change.policy, change.holds_data) == (
        Action.DELETE,
        "provisioner",
        "Snapshot",
        True,
    )


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("VPCNatGateway1", "network"),
        ("WebInstance2", "services.web"),
        ("WebInstanceIngress", "services.web"),
        ("MyDashJobInstance1", "services.my-job"),
        ("MyDashJobInstanceProfile", "services.my-job"),
        ("DbDatabaseSecret", "resources.db"),
        ("CacheGroup", ""),
    ],
)
def test_a_deletion_stands_beside_what_it_belonged_to(name: str, path: str) -> None:
    old = edited()
    job = {"Type": "AWS::EC2::Instance", "Properties": {"Tags": [{"Key": "hivemind:service", "Value": "my-job"}]}}
    old["Resources"] |= {
        "MyDashJobInstance1": job,
        name: job if name == "MyDashJobInstance1" else {"Type": "AWS::X::Y"},
    }
    plan = made(snapshot=replace(STANDING, template=old))
    change = next(change for change in plan.changes if change.logical_id == name)
    assert change.path == path
    assert any(line.startswith(f"  - {path.rpartition('.')[2] or name}  {name} ") for line in show.lines(plan))


def test_our_own_bucket_and_an_update_in_place_lose_nothing() -> None:
    plan = made(edited(S3ArtifactBucket=None, Db={"AllocatedStorage": "50"}))
    assert plan.losing_data == ()
    assert "Nothing that holds data is replaced or deleted." in show.lines(plan)


def test_a_plugin_marks_what_holds_data() -> None:
    thing = {"Type": "Custom::Search", "Metadata": {"HiveMind": {"HoldsData": True}}}
    standing = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "Search": thing}}
    plan = made(snapshot=replace(STANDING, template=standing))
    assert [change.logical_id for change in plan.losing_data] == ["Search"]


@pytest.mark.parametrize(
    ("template", "source", "needed", "reason"),
    [
        (TEMPLATE, "d1", False, "unchanged"),
        (TEMPLATE, "d2", True, "sources or settings changed"),
        (edited(WebInstance1={"SubnetId": "t"}), "d1", True, "new instances"),
        (edited(WebInstance1={"InstanceType": "t3.small"}), "d1", False, "unchanged"),
    ],
)
def test_releases(template: dict[str, Any], source: str, needed: bool, reason: str) -> None:
    (release,) = made(template, source=source).releases
    assert (release.needed, release.reason, release.instances) == (needed, reason, 2)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({"sources": "1", "environment": "3"}, "environment changed"),
        ({"sources": "0", "environment": "0"}, "sources, environment changed"),
        ({"sources": "1", "environment": "2"}, "build changed"),
        ({}, "sources or settings changed"),
    ],
)
def test_a_release_says_what_changed(now: dict[str, str], reason: str) -> None:
    standing = replace(STANDING, parts={"web": {"sources": "1", "environment": "2"}})
    (release,) = made(snapshot=standing, source="d2", parts={"web": now}).releases
    assert release.reason == reason


def test_sources_may_be_provenances() -> None:
    assembly = Assembly(TEMPLATE, OWNERS, {}, {})
    plan = make_plan(BLUEPRINT, assembly, STANDING, {"web": Provenance(None, True, "d1")}, "")
    assert plan.empty


@pytest.mark.parametrize(
    "status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"]
)
def test_a_failed_stack_is_part_of_the_plan(status: str) -> None:
    plan = made(snapshot=replace(STANDING, status=status))
    assert plan.stack_status == status
    assert plan.stack_holds == ("Db (AWS::RDS::DBInstance)",)
    assert [change.logical_id for change in plan.losing_data] == ["Db"]
    assert {change.logical_id for change in plan.changes if change.action is Action.CREATE} == set(
        TEMPLATE["Resources"]
    )
    assert any("Apply deletes it first. It holds: Db (AWS::RDS::DBInstance)" in line for line in show.lines(plan))


def test_an_empty_failed_stack_loses_nothing() -> None:
    plan = made(snapshot=replace(STANDING, status="ROLLBACK_COMPLETE", physical_ids={}))
    assert plan.losing_data == ()
    assert any("It holds: nothing" in line for line in show.lines(plan))


def test_show_tells_before_and_after() -> None:
    text = "\n".join(
        show.lines(made(edited(Db={"AllocatedStorage": "50"}, WebInstance1={"SubnetId": "t"}), source="d2"))
    )
    assert text.startswith("shop (production, eu-west-1)   r3 → r4   basis: live\n")
    assert "~ db  Db (AWS::RDS::DBInstance)  (holds data)\n      AllocatedStorage  20 → 50" in text
    assert "! web  WebInstance1 (AWS::EC2::Instance)\n      SubnetId  s → t" in text
    assert "^ web  release on 2 instances: new instances" in text


def test_what_another_name_left_behind_is_shown_and_no_part_of_the_digest() -> None:
    old = LeftBehind("store-production-1-eu-west-3", "store", "eu-west-3")
    plan = with_digest(replace(made(snapshot=NOTHING), left_behind=(old,)))
    assert plan.digest == made(snapshot=NOTHING).digest
    text = "\n".join(show.lines(plan))
    assert "The one with name store and region eu-west-3 stays and keeps running:" in text
    assert "store-production-1-eu-west-3  holds no data" in text


def test_of_tags_only_what_differs_is_shown() -> None:
    old = [
        {"Key": "Name", "Value": "shop-production-db"},
        {"Key": "owner", "Value": "me"},
        {"Key": "tier", "Value": "a"},
    ]
    new = [
        {"Key": "Name", "Value": "shop-production-db"},
        {"Key": "team", "Value": "shop"},
        {"Key": "tier", "Value": "b"},
    ]
    change = Change("Db", "AWS::RDS::DBInstance", Action.UPDATE, "provisioner", "resources.db", ("Tags",))
    plan = replace(made(), changes=(replace(change, before={"Tags": old}, after={"Tags": new}),))
    assert "      Tags  + team=shop, - owner=me, tier: a → b" in show.lines(plan)


def test_the_same_change_of_tags_is_one_line_for_all_that_have_it() -> None:
    tags = {"before": {"Tags": []}, "after": {"Tags": [{"Key": "team", "Value": "shop"}]}}
    names = ["ALB", "Db", "VPC"]
    alike = [
        Change(name, "AWS::EC2::VPC", Action.UPDATE, "provisioner", "network", ("Tags",), **tags) for name in names
    ]
    more = replace(alike[0], logical_id="Web", properties=("SubnetId", "Tags"), before={"SubnetId": "s"}, after={})
    shown = show.lines(replace(made(), changes=(*alike, more)))
    assert "  ~ Tags  + team=shop on 3 resources" in shown
    assert not any("ALB" in line for line in shown)
    assert any("Web (AWS::EC2::VPC)" in line for line in shown)


@pytest.mark.parametrize(("cloud", "where"), [("aws", "eu-west-1"), ("local", "local eu-west-1"), ("", "eu-west-1")])
def test_the_head_says_where(cloud: str, where: str) -> None:
    assert show.lines(made(cloud=cloud))[0].startswith(f"shop (production, {where})   ")


def test_what_the_service_decides_is_said() -> None:
    plan = made(edited(Db={"BackupRetentionPeriod": 7}))
    (change,) = plan.changes
    assert (change.action, change.may_replace) == (Action.UPDATE, ("BackupRetentionPeriod",))
    assert any("may interrupt or replace it because of BackupRetentionPeriod" in line for line in show.lines(plan))


plans = st.builds(made, st.just(TEMPLATE), st.sampled_from([NOTHING, STANDING]), source=st.text(max_size=5))


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(plan=plans)
def test_a_saved_plan_loads_as_it_was(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> None:
    path = tmp_path_factory.mktemp("p") / "plan.json"
    file.save(plan, path)
    assert file.load(path) == plan


def test_a_plan_that_was_edited_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    file.save(made(edited(Db={"DBName": "b"})), path)
    path.write_text(path.read_text().replace('"replace"', '"update"'))
    with pytest.raises(FindingsError) as caught:
        file.load(path)
    assert caught.value.findings[0].id == "H804"


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", "H801"),
        (b"{", "H801"),
        (b"\xff", "H801"),
        (b"[]", "H801"),
        (b"[" * 100_000, "H801"),
        (b'{"format": 9, "plan": {}}', "H802"),
        (b'{"format": 1, "plan": {}}', "H803"),
        (b'{"format": 1, "plan": 3}', "H803"),
    ],
)
def test_a_file_that_is_no_plan_is_a_finding(tmp_path: Path, content: bytes, finding: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(FindingsError) as caught:
        file.load(path)
    (found,) = caught.value.findings
    assert found.id == finding
    assert found.place is not None
    assert found.place.file == str(path)


def test_a_directory_or_no_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FindingsError):
        file.load(tmp_path)
    with pytest.raises(DeploymentNotFound):
        file.load(tmp_path / "none.json")


@pytest.mark.fast
def test_resources_that_a_plan_leaves_alone_are_not_counted_as_changed() -> None:
    """The local cloud reports all of a stack as updated, AWS those that are."""
    done = TEMPLATE["Resources"].keys()
    assert made(edited(Db={"AllocatedStorage": "30"})).touched(done) == {"Db"}
    assert made(edited(WebInstance1=None)).touched(done) == set(), "a deletion changes none that stands"
    assert made().touched(done) == set(done), "a repair"
    assert made(snapshot=NOTHING).touched(done) == set(done)
