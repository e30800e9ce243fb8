"""Deleting stacks, against scripted answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.agents.provisioner.steps import steps
from hivemind.deploy.final_snapshots import FinalSnapshot, drop
from hivemind.steps.run import Destroy, Goal
from hivemind.testing import FakeContext
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import Refused, Stage, StageError, StepCancelled

pytestmark = pytest.mark.fast

NAME = "shop-production"
DB = "AWS::RDS::DBInstance"
CACHE = "AWS::ElastiCache::ReplicationGroup"
BUCKET = "AWS::S3::Bucket"
THREE = {"Versions": [{"Key": "a"}, {"Key": "b"}], "DeleteMarkers": [{"Key": "c"}]}
LB = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def begins(
    script: Any, *resources: tuple[str, str, str], template: str = "{}", status: str = "CREATE_COMPLETE"
) -> None:
    script.stack(status)
    script.answer("get_template", {"TemplateBody": template})
    script.resources(*resources)


def deletes(script: Any, status: str, *events: Any, **expected: Any) -> None:
    script.page()
    script.answer("delete_stack", **({"StackName": _id(), "ClientRequestToken": _token(), **expected}))
    script.page(*events, script.stack_event(status))
    script.stack(status)
    script.page()


def _id() -> str:
    return "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-production/5f0a"


def _token() -> str:
    return "hivemind-000000000000000000000001"


def test_a_stack_that_is_not_there_is_no_error(script: Any) -> None:
    script.absent()
    assert not script.driver().delete(NAME).existed


def test_a_protected_stack_is_refused_with_a_hint(script: Any) -> None:
    script.stack("CREATE_COMPLETE", EnableTerminationProtection=True)
    with pytest.raises(Refused) as caught:
        script.driver().delete(NAME)
    assert "--unprotect" in str(caught.value.hint)
    script.assert_done()


def test_deletion_protection_is_taken_off_where_the_user_says_so_and_nowhere_else(script: Any) -> None:
    script.stack("CREATE_COMPLETE", EnableTerminationProtection=True)
    script.answer("update_termination_protection", StackName=_id(), EnableTerminationProtection=False)
    script.answer("get_template", {"TemplateBody": '{"Resources": {"Kept": {"DeletionPolicy": "Retain"}}}'})
    script.resources(
        *((name, DB, "CREATE_COMPLETE") for name in ("Db", "Free", "Gone", "Kept")), ("Lb", LB, "CREATE_COMPLETE")
    )
    for name, protected in (("db-1", True), ("free-1", False)):
        found = [{"DBInstanceIdentifier": name, "DeletionProtection": protected}]
        script.answer("describe_db_instances", {"DBInstances": found}, "rds", DBInstanceIdentifier=name)
    script.error("describe_db_instances", "DBInstanceNotFound", "gone", service="rds", status=404)
    attributes = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    script.answer("describe_load_balancer_attributes", {"Attributes": attributes}, "elbv2", LoadBalancerArn="lb-1")
    off = {"DBInstanceIdentifier": "db-1", "DeletionProtection": False, "ApplyImmediately": True}
    script.answer("modify_db_instance", {}, "rds", **off)
    attributes = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    script.answer("modify_load_balancer_attributes", {}, "elbv2", LoadBalancerArn="lb-1", Attributes=attributes)
    script.page()
    script.error("delete_stack", "AccessDenied", "not now")
    with pytest.raises(CloudCallFailed, match="not now"):
        script.driver().delete(NAME, unprotect=True)
    script.assert_done()


def test_final_snapshots_and_retained_resources_are_returned(script: Any) -> None:
    template = '{"Resources": {"Db": {"DeletionPolicy": "Snapshot"}, "Files": {"DeletionPolicy": "Retain"}}}'
    begins(script, ("Db", DB, "CREATE_COMPLETE"), ("Files", BUCKET, "CREATE_COMPLETE"), template=template)
    deletes(script, "DELETE_COMPLETE")
    script.resources(("Db", DB, "DELETE_COMPLETE"), ("Files", BUCKET, "DELETE_SKIPPED"))
    snapshots = [
        {"DBSnapshotIdentifier": "db-old", "SnapshotCreateTime": "2026-01-01T00:00:00Z"},
        {"DBSnapshotIdentifier": "db-final", "SnapshotCreateTime": "2026-01-02T00:00:00Z"},
    ]
    script.answer(
        "describe_db_snapshots",
        {"DBSnapshots": snapshots},
        service="rds",
        DBInstanceIdentifier="db-1",
        SnapshotType="manual",
    )
    script.answer(
        "describe_log_groups",
        {"logGroups": [{"logGroupName": "/aws/rds/instance/db-1/postgresql"}]},
        service="logs",
        logGroupNamePrefix="/aws/rds/instance/db-1/",
    )
    deletion = script.driver().delete(NAME)
    assert deletion.snapshots == (FinalSnapshot("database", "db-final"),)
    assert [resource.physical_id for resource in deletion.left] == ["files-1", "/aws/rds/instance/db-1/postgresql"]
    script.assert_done()


def test_what_cannot_be_deleted_is_left_out_then_force_is_used_then_what_is_left_is_said(script: Any) -> None:
    begins(script, ("Files", BUCKET, "CREATE_COMPLETE"))
    failed = script.event("Files", "DELETE_FAILED", "The bucket you tried to delete is not empty", kind=BUCKET)
    deletes(script, "DELETE_FAILED", failed)
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_FAILED", failed)
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_FAILED", failed)
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    script.answer("list_object_versions", THREE, service="s3", Bucket="files-1", MaxKeys=1000)
    deletes(script, "DELETE_FAILED", RetainResources=["Files"])
    deletes(script, "DELETE_COMPLETE", DeletionMode="FORCE_DELETE_STACK")
    script.resources(("Files", BUCKET, "DELETE_SKIPPED"))
    deletion = script.driver().delete(NAME)
    assert [str(resource) for resource in deletion.left] == ["Files (AWS::S3::Bucket)"]
    assert "aws s3 rb s3://files-1 --region eu-west-1" in deletion.by_hand
    assert "delete-stack" not in deletion.by_hand
    assert len(script.said) == 4
    held = "Files (AWS::S3::Bucket) files-1, held by 3 objects and versions in it"
    assert script.said[2] == f"{NAME} still has {held}: deleting the rest"


def test_what_held_a_resource_for_a_moment_only_keeps_nothing(script: Any) -> None:
    begins(script, ("Files", BUCKET, "CREATE_COMPLETE"))
    deletes(script, "DELETE_FAILED")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_COMPLETE")
    script.resources(("Files", BUCKET, "DELETE_COMPLETE"))
    deletion = script.driver().delete(NAME)
    assert (deletion.left, deletion.by_hand) == ((), "")
    script.assert_done()


def test_what_an_event_says_was_left_out_is_left_where_the_list_of_the_stack_is_gone(script: Any) -> None:
    begins(script, ("Files", BUCKET, "CREATE_COMPLETE"))
    deletes(script, "DELETE_FAILED")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_FAILED")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_FAILED")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    script.answer("list_object_versions", THREE, service="s3", Bucket="files-1", MaxKeys=1000)
    deletes(script, "DELETE_COMPLETE", script.event("Files", "DELETE_SKIPPED", kind=BUCKET), RetainResources=["Files"])
    script.resources()
    deletion = script.driver().delete(NAME)
    assert [str(resource) for resource in deletion.left] == ["Files (AWS::S3::Bucket)"]
    assert deletion.by_hand
    script.assert_done()


def test_what_held_a_resource_for_some_minutes_is_waited_for(script: Any) -> None:
    begins(script, ("Files", BUCKET, "CREATE_COMPLETE"))
    for _ in range(2):
        deletes(script, "DELETE_FAILED")
        script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_COMPLETE")
    script.resources(("Files", BUCKET, "DELETE_COMPLETE"))
    before = script.clock.monotonic()
    assert script.driver().delete(NAME).left == ()
    assert script.clock.monotonic() - before > 30
    script.assert_done()


@pytest.mark.parametrize("stage", [Stage.CLEANUP, Stage.ROLLBACK])
def test_a_deletion_that_nothing_helps_is_a_failure_of_its_stage(script: Any, stage: Stage) -> None:
    begins(script, ("Files", BUCKET, "CREATE_COMPLETE"))
    deletes(script, "DELETE_FAILED")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_FAILED")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    deletes(script, "DELETE_FAILED")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    script.answer("list_object_versions", THREE, service="s3", Bucket="files-1", MaxKeys=1000)
    deletes(script, "DELETE_FAILED", RetainResources=["Files"])
    last = script.event("Files", "DELETE_FAILED", "AccessDenied", kind=BUCKET)
    deletes(script, "DELETE_FAILED", last, DeletionMode="FORCE_DELETE_STACK")
    script.resources(("Files", BUCKET, "DELETE_FAILED"))
    script.answer("list_object_versions", THREE, service="s3", Bucket="files-1", MaxKeys=1000)
    with pytest.raises(StageError) as caught:
        script.driver().delete(NAME, stage=stage)
    assert (caught.value.stage, caught.value.exit_code) == (stage, stage.exit_code)
    assert caught.value.left == "Files (AWS::S3::Bucket)"
    held = "Files (AWS::S3::Bucket) files-1, held by 3 objects and versions in it"
    assert caught.value.lines == ("AccessDenied", held)
    hint = str(caught.value.hint)
    assert "aws s3 rb s3://files-1 --region eu-west-1" in hint
    assert f"aws cloudformation delete-stack --stack-name {script.id} --region eu-west-1" in hint
    assert f"Then run `hivemind {'rollback' if stage is Stage.ROLLBACK else 'destroy'}` again." in hint
    script.assert_done()


def test_a_deletion_that_is_under_way_is_followed_not_begun_again(script: Any) -> None:
    begins(script, status="DELETE_IN_PROGRESS")
    script.page(script.stack_event("DELETE_IN_PROGRESS", token="before"))
    script.page(script.stack_event("DELETE_COMPLETE", token="before"))
    script.stack("DELETE_COMPLETE")
    script.page()
    script.resources()
    assert script.driver().delete(NAME).existed
    assert "cloudformation:DeleteStack" not in script.calls()
    script.assert_done()


def test_a_moving_stack_is_waited_for_before_it_goes(script: Any) -> None:
    script.stack("UPDATE_IN_PROGRESS")
    script.page(script.stack_event("UPDATE_IN_PROGRESS", token="before"))
    script.page(script.stack_event("UPDATE_COMPLETE", token="before"))
    script.stack("UPDATE_COMPLETE")
    script.page()
    script.answer("get_template", {"TemplateBody": "{}"})
    script.resources()
    deletes(script, "DELETE_COMPLETE")
    script.resources()
    assert script.driver().delete(NAME).existed
    assert script.said == [f"{NAME} is in UPDATE_IN_PROGRESS: waiting before deleting it"]
    script.assert_done()


def test_a_snapshot_that_cannot_be_looked_up_is_said_not_raised(script: Any) -> None:
    template = '{"Resources": {"Db": {"DeletionPolicy": "Snapshot"}}}'
    begins(script, ("Db", DB, "CREATE_COMPLETE"), template=template)
    deletes(script, "DELETE_COMPLETE")
    script.resources(("Db", DB, "DELETE_COMPLETE"))
    script.error("describe_log_groups", "AccessDenied", "no", service="logs")
    script.error("describe_db_snapshots", "AccessDenied", "no", service="rds")
    assert script.driver().delete(NAME).snapshots == ()
    assert script.said == [
        "could not look up the log groups of db-1: no",
        "could not look up the final snapshot of db-1: no",
    ]


def test_snapshots_are_dropped_when_told(script: Any) -> None:
    script.answer("delete_db_snapshot", service="rds", DBSnapshotIdentifier="one")
    script.error("delete_db_snapshot", "DBSnapshotNotFound", "gone", service="rds", status=404)
    script.answer("delete_snapshot", service="elasticache", SnapshotName="three")
    script.error("delete_snapshot", "SnapshotNotFoundFault", "gone", service="elasticache", status=404)
    databases = [FinalSnapshot("database", name) for name in ("one", "two")]
    drop(script, [*databases, *(FinalSnapshot("cache", name) for name in ("three", "four"))])
    script.assert_done()


def test_of_caches_the_newest_snapshot_is_found_under_either_name(script: Any) -> None:
    template = '{"Resources": {"Cache": {"DeletionPolicy": "Snapshot"}}}'
    begins(script, ("Cache", CACHE, "CREATE_COMPLETE"), template=template)
    deletes(script, "DELETE_COMPLETE")
    script.resources(("Cache", CACHE, "DELETE_COMPLETE"))
    old = {"SnapshotName": "old", "ReplicationGroupId": "cache-1", "NodeSnapshots": [taken(1)]}
    final = {"SnapshotName": "final", "CacheClusterId": "cache-1-001", "NodeSnapshots": [taken(2)]}
    other = {"SnapshotName": "other", "ReplicationGroupId": "cache-12", "NodeSnapshots": [taken(3)]}
    pages = [{"Snapshots": [old, other], "Marker": "more"}, {"Snapshots": [final]}]
    script.answer("describe_snapshots", pages[0], service="elasticache", SnapshotSource="user")
    script.answer("describe_snapshots", pages[1], service="elasticache", SnapshotSource="user", Marker="more")
    assert script.driver().delete(NAME).snapshots == (FinalSnapshot("cache", "final"),)
    script.assert_done()


def taken(day: int) -> dict[str, str]:
    return {"SnapshotCreateTime": f"2026-01-0{day}T00:00:00Z"}


def test_contents_say_what_becomes_of_each(script: Any) -> None:
    template = '{"Resources": {"Db": {"DeletionPolicy": "Snapshot"}, "Files": {"DeletionPolicy": "Retain"}}}'
    begins(script, ("Db", DB, "CREATE_COMPLETE"), ("Files", BUCKET, "CREATE_COMPLETE"), template=template)
    found = {item.resource.logical_id: item for item in script.driver().contents(NAME)}
    assert (found["Db"].snapshotted, found["Db"].holds_data, found["Files"].retained) == (True, True, True)
    script.absent()
    assert script.driver().contents(NAME) == ()


def test_our_bucket_is_emptied_of_every_version_before_the_stack_goes(script: Any) -> None:
    begins(script)
    versions = {"Versions": [{"Key": "a", "VersionId": "1"}], "DeleteMarkers": [{"Key": "b", "VersionId": "2"}]}
    script.answer("list_object_versions", versions, service="s3", Bucket="artifacts", MaxKeys=1000)
    objects = [{"Key": "a", "VersionId": "1"}, {"Key": "b", "VersionId": "2"}]
    script.answer("delete_objects", {}, service="s3", Bucket="artifacts", Delete={"Objects": objects, "Quiet": True})
    script.answer("list_object_versions", {}, service="s3", Bucket="artifacts", MaxKeys=1000)
    deletes(script, "DELETE_COMPLETE")
    script.resources()
    assert script.driver().delete(NAME, buckets=("artifacts",)).existed
    script.assert_done()


def test_who_ends_a_destroy_does_not_wait_for_the_stack(script: Any) -> None:
    begins(script, ("Web", "AWS::EC2::Instance", "CREATE_COMPLETE"))
    script.page()
    script.answer("delete_stack")
    context = FakeContext(deployment=SimpleNamespace(cloud=script, clock=script.clock))
    context.cancel()
    (deletion,) = steps(Destroy("shop", "aws", "eu-west-1", Goal.DESTROY, _id(), ()))
    with pytest.raises(StepCancelled):
        deletion.run(context)
