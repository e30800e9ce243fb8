"""The stack driver against scripted answers of CloudFormation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import ANY

from hivemind.deploy.large import BODY_LIMIT
from hivemind.deploy.polling import never
from hivemind.deploy.stack import StackRequest, StackResult
from hivemind.plan.model import Action, Basis, Change, Plan
from hivemind.template.fragment import Owner
from hivemind.values.errors import PlanChanged, Refused, Stage, StageError, StepCancelled

pytestmark = pytest.mark.fast

NAME = "shop-production"
DB = "AWS::RDS::DBInstance"
VPC = "AWS::EC2::VPC"
BUCKET = "AWS::S3::Bucket"


def apply(script: Any, *, cancelled: Any = never, **options: Any) -> StackResult:
    request = StackRequest(NAME, "{}", {"Revision": "1"}, {"team": "a"}, **options)
    return script.driver(cancelled=cancelled).apply(request, on_event=script.on_event, resource_ready=script.on_ready)


def plan(*changes: tuple[str, Action]) -> Plan:
    made = tuple(Change(name, VPC, action, "provisioner", "network") for name, action in changes)
    return Plan("shop", "production", "eu-west-1", Basis.LIVE, 2, made, (), "", "")


def create_begins(script: Any) -> None:
    script.absent()
    script.created()


def rests(script: Any, status: str, *resources: tuple[str, str, str], **stack: Any) -> None:
    """The stack is asked, nothing came in between, then the result is read."""
    script.stack(status)
    script.page()
    script.stack(status, **stack)
    script.resources(*resources)


def test_create_tells_each_event_once_in_order_and_each_resource_as_soon_as_it_stands(script: Any) -> None:
    create_begins(script)
    begun, vpc, made = (
        script.stack_event("CREATE_IN_PROGRESS"),
        script.event("Vpc", "CREATE_IN_PROGRESS"),
        script.event("Vpc", "CREATE_COMPLETE"),
    )
    done = script.stack_event("CREATE_COMPLETE")
    script.page(begun, vpc)
    script.page(begun, vpc, made, done)
    outputs = [{"OutputKey": "ALBDNSName", "OutputValue": "a.example.com"}]
    rests(script, "CREATE_COMPLETE", ("Vpc", VPC, "CREATE_COMPLETE"), Outputs=outputs)

    result = apply(script)

    assert script.events == [
        f"{NAME} CREATE_IN_PROGRESS",
        "Vpc CREATE_IN_PROGRESS",
        "Vpc CREATE_COMPLETE",
        f"{NAME} CREATE_COMPLETE",
    ]
    assert script.ready == [("Vpc", "vpc-1", VPC)]
    assert (result.changed, dict(result.outputs)) == (True, {"ALBDNSName": "a.example.com"})
    assert result.physical_ids == {"Vpc": "vpc-1"}
    assert result.seconds == {"Vpc": 1.0}
    script.assert_done()


def test_events_of_another_operation_are_not_told(script: Any) -> None:
    create_begins(script)
    script.page(script.event("Other", "CREATE_COMPLETE", token="console"), script.stack_event("CREATE_COMPLETE"))
    rests(script, "CREATE_COMPLETE")
    apply(script)
    assert script.events == [f"{NAME} CREATE_COMPLETE"]
    assert script.ready == []


def test_a_failed_create_names_the_first_failure_not_the_cancellations(script: Any) -> None:
    create_begins(script)
    script.page(
        script.stack_event("CREATE_IN_PROGRESS"),
        script.event("Cache", "CREATE_FAILED", "Resource creation cancelled"),
        script.event("Db", "CREATE_FAILED", "Cannot find version 16.9 for postgres", kind=DB),
        script.event("Web", "CREATE_FAILED", "Resource creation cancelled"),
        script.stack_event("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Db]"),
        script.stack_event("ROLLBACK_COMPLETE"),
    )
    script.stack("ROLLBACK_COMPLETE")
    script.page()
    script.resources(("Db", DB, "DELETE_COMPLETE"))

    with pytest.raises(StageError) as caught:
        apply(script, owners={"Db": Owner("provisioner", "resources.db")})

    error = caught.value
    assert (error.stage, error.subject, error.path) == (Stage.PROVISION, "Db", "resources.db")
    assert error.lines == ("Cannot find version 16.9 for postgres",)
    assert error.left == "nothing; the next apply deletes the empty stack"
    script.assert_done()


@pytest.mark.parametrize("ends", ["DELETE_COMPLETE", "DELETE_FAILED"])
def test_what_the_rollback_of_a_creation_left_is_deleted_with_the_stack(script: Any, ends: str) -> None:
    create_begins(script)
    failed = script.event("Web", "CREATE_FAILED", "no capacity")
    script.page(failed, script.event("Net", "DELETE_FAILED", "in use"), script.stack_event("ROLLBACK_FAILED"))
    left = ("Net", VPC, "DELETE_FAILED")
    script.stack("ROLLBACK_FAILED")
    script.page()
    script.resources(left)
    script.answer("get_template", {"TemplateBody": "{}"})
    bucket = ("S3ArtifactBucket", "AWS::S3::Bucket", "DELETE_FAILED")
    script.resources(left, bucket)
    script.stack("ROLLBACK_FAILED", EnableTerminationProtection=True)
    script.answer("update_termination_protection", EnableTerminationProtection=False, StackName=_stack_id())
    script.answer("get_template", {"TemplateBody": "{}"})
    script.resources(left, bucket)
    script.answer("list_object_versions", {}, "s3", Bucket="s3artifactbucket-1", MaxKeys=1000)
    script.page()
    if ends == "DELETE_FAILED":
        script.error("delete_stack", "AccessDenied", "not you")
    else:
        script.answer("delete_stack")
        script.page(script.stack_event("DELETE_COMPLETE"))
        script.stack("DELETE_COMPLETE")
        script.page()
        script.resources()

    with pytest.raises(StageError) as caught:
        apply(script, protected=True)

    assert (caught.value.subject, caught.value.lines[0]) == ("Web", "no capacity")
    left_over = "Net (AWS::EC2::VPC), S3ArtifactBucket (AWS::S3::Bucket)"
    assert script.said == [f"the rollback stopped in ROLLBACK_FAILED: deleting what it left: {left_over}"]
    if ends == "DELETE_FAILED":
        assert caught.value.left == "Net (AWS::EC2::VPC) in the failed stack"
        assert "also failed: DeleteStack: not you" in caught.value.__notes__[0]
    else:
        assert caught.value.left == "nothing; the stack is deleted"
    script.assert_done()


def test_data_that_the_rollback_of_a_creation_left_stay_until_somebody_names_them(script: Any) -> None:
    create_begins(script)
    failed = script.event("Web", "CREATE_FAILED", "no capacity")
    script.page(failed, script.event("Db", "DELETE_FAILED", "in use", kind=DB), script.stack_event("ROLLBACK_FAILED"))
    script.stack("ROLLBACK_FAILED")
    script.page()
    left = ("Db", DB, "DELETE_FAILED")
    script.resources(left)
    script.answer("get_template", {"TemplateBody": "{}"})
    script.resources(left)
    with pytest.raises(StageError) as caught:
        apply(script)
    assert caught.value.left == "Db (AWS::RDS::DBInstance) in the failed stack"
    assert "cloudformation:DeleteStack" not in script.calls()
    script.assert_done()


def test_a_database_that_a_failed_create_took_back_may_have_left_a_snapshot(script: Any) -> None:
    create_begins(script)
    script.page(
        script.stack_event("CREATE_IN_PROGRESS"),
        script.event("Db", "CREATE_COMPLETE", kind=DB),
        script.event("Web", "CREATE_FAILED", "no capacity"),
        script.stack_event("ROLLBACK_COMPLETE"),
    )
    script.stack("ROLLBACK_COMPLETE")
    script.page()
    script.resources(("Db", DB, "DELETE_COMPLETE"))
    with pytest.raises(StageError) as caught:
        apply(script)
    assert caught.value.left == (
        "nothing; the next apply deletes the empty stack. Db, created and deleted again, may have left a final "
        "snapshot, which is billed by GB"
    )


def test_rollback_complete_is_deleted_and_created_again(script: Any) -> None:
    script.stack("ROLLBACK_COMPLETE", EnableTerminationProtection=True)
    script.answer("get_template", {"TemplateBody": "{}"})
    script.resources(("Db", DB, "DELETE_COMPLETE"))
    # The deletion, which takes off the protection that was meant for what the stack was to become.
    script.stack("ROLLBACK_COMPLETE", EnableTerminationProtection=True)
    script.answer("update_termination_protection", EnableTerminationProtection=False, StackName=_stack_id())
    script.answer("get_template", {"TemplateBody": "{}"})
    script.resources()
    script.page()
    script.answer("delete_stack")
    script.page(script.stack_event("DELETE_IN_PROGRESS"), script.stack_event("DELETE_COMPLETE"))
    script.stack("DELETE_COMPLETE")
    script.page()
    script.resources()
    script.created()
    script.page(script.stack_event("CREATE_COMPLETE"))
    rests(script, "CREATE_COMPLETE")

    assert apply(script, protected=True).changed
    assert script.said == [
        f"{NAME} is in ROLLBACK_COMPLETE: deleting it, because AWS allows nothing else; it holds nothing"
    ]
    script.assert_done()


def _stack_id() -> str:
    return "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-production/5f0a"


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE"])
def test_a_failed_stack_that_holds_data_is_never_deleted_unasked(script: Any, status: str) -> None:
    script.stack(status)
    script.answer("get_template", {"TemplateBody": "{}"})
    script.resources(("Db", DB, "CREATE_COMPLETE"))
    with pytest.raises(Refused, match=r"it holds Db \(AWS::RDS::DBInstance\)"):
        apply(script)
    assert "cloudformation:DeleteStack" not in script.calls()
    script.assert_done()


def test_no_updates_is_success_and_leaves_no_change_set(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.answer("create_change_set", {"Id": "arn:aws:cloudformation:eu-west-1:1:changeSet/c"})
    reason = "The submitted information didn't contain changes. Submit different information to create a change set."
    script.answer("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
    script.answer("delete_change_set")
    script.stack("UPDATE_COMPLETE")
    script.resources(("Vpc", VPC, "CREATE_COMPLETE"))
    result = apply(script)
    assert not result.changed
    assert script.ready == [("Vpc", "vpc-1", VPC)]
    assert sum(script.calls().values()) <= 10
    script.assert_done()


def test_what_early_validation_finds_is_told_with_the_line_of_the_blueprint(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    change_set = "arn:aws:cloudformation:eu-west-1:1:changeSet/c"
    script.answer("create_change_set", {"Id": change_set})
    reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]."
    script.answer("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
    invalid = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Db",
        "ValidationName": "AWS::EarlyValidation::PropertyValidation",
        "ValidationStatus": "FAILED",
        "ValidationFailureMode": "FAIL",
        "ValidationStatusReason": "#/BackupRetentionPeriod: 99 is not less or equal to 35",
        "ValidationPath": "/BackupRetentionPeriod",
    }
    others = [{"EventType": "STACK_EVENT", "LogicalResourceId": "Web"}]
    failed = {"OperationEvents": [*others, invalid]}
    script.answer("describe_events", failed, ChangeSetName=change_set, Filters={"FailedEvents": True})
    script.answer("delete_change_set", ChangeSetName=change_set)
    with pytest.raises(StageError, match="CloudFormation refuses the change") as caught:
        apply(script, owners={"Db": Owner("provisioner", "resources.db")})
    assert (caught.value.subject, caught.value.path) == ("Db", "resources.db")
    assert caught.value.lines == (
        "Db at BackupRetentionPeriod: #/BackupRetentionPeriod: 99 is not less or equal to 35",
        reason,
    )
    script.assert_done()


def test_a_change_set_that_nobody_waits_for_any_more_is_not_left(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.answer("create_change_set", {"Id": "arn:aws:cloudformation:eu-west-1:1:changeSet/c"})
    script.answer("delete_change_set", ChangeSetName="arn:aws:cloudformation:eu-west-1:1:changeSet/c")
    with pytest.raises(StepCancelled):
        script.driver(cancelled=lambda: True).apply(StackRequest(NAME, "{}"))
    script.assert_done()


def test_what_cloudformation_does_milder_than_the_plan_is_told(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "False"))
    script.resources(("Vpc", VPC, "CREATE_COMPLETE"))
    script.page()
    script.answer("execute_change_set")
    script.page(script.stack_event("UPDATE_COMPLETE"))
    script.stack("UPDATE_COMPLETE")
    script.page()
    script.stack("UPDATE_COMPLETE")
    script.resources(("Vpc", VPC, "UPDATE_COMPLETE"))
    reviewed = plan(("Vpc", Action.REPLACE), ("Db", Action.UPDATE))
    apply(script, plan=reviewed, whole=True)
    (said,) = script.said
    assert "Vpc is updated in place, not replaced as the plan says" in said
    assert "Db does not change, although the plan says so" in said
    script.assert_done()


def test_a_replacement_that_nobody_reviewed_is_refused_before_execution(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "True"))
    script.answer("delete_change_set")
    with pytest.raises(PlanChanged, match=r"Vpc \(AWS::EC2::VPC\) would be replaced"):
        apply(script, plan=plan(("Vpc", Action.UPDATE)))
    script.assert_done()


def detail(evaluation: str, name: str = "CidrBlock") -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Conditionally"}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": "DirectModification"}


@pytest.mark.parametrize(
    ("evaluation", "properties", "refused"),
    [
        ("Static", ("Tags",), True),
        ("Static", (), True),
        ("Static", ("CidrBlock",), False),
        ("Dynamic", ("Tags",), False),
    ],
)
def test_a_possible_replacement_must_have_been_seen_in_the_plan(
    script: Any, evaluation: str, properties: tuple[str, ...], refused: bool
) -> None:
    script.stack("UPDATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "Conditional"), details=(detail(evaluation),))
    change = Change("Vpc", VPC, Action.UPDATE, "provisioner", "network", properties)
    reviewed = replace(plan(), changes=(change,) if properties else ())
    if refused:
        script.answer("delete_change_set")
        with pytest.raises(PlanChanged, match="might be replaced because of CidrBlock"):
            apply(script, plan=reviewed)
    else:
        script.resources()
        script.page()
        script.answer("execute_change_set")
        script.page(script.stack_event("UPDATE_COMPLETE"))
        rests(script, "UPDATE_COMPLETE")
        apply(script, plan=reviewed)
    script.assert_done()


@pytest.mark.parametrize(
    ("change", "reviewed"),
    [
        (("Vpc", "Modify", "True"), Action.REPLACE),
        (("Vpc", "Modify", "False"), Action.UPDATE),
        (("Vpc", "Remove", ""), Action.DELETE),
    ],
)
def test_what_was_reviewed_is_executed(script: Any, change: tuple[str, str, str], reviewed: Action) -> None:
    script.stack("UPDATE_COMPLETE")
    script.change_set(change)
    script.resources(("Vpc", VPC, "CREATE_COMPLETE"), ("Web", VPC, "CREATE_COMPLETE"))
    old = script.stack_event("CREATE_COMPLETE", token="earlier")
    script.page(old)
    script.answer("execute_change_set")
    script.page(old, script.event("Vpc", "UPDATE_COMPLETE", physical="vpc-2"), script.stack_event("UPDATE_COMPLETE"))
    rests(script, "UPDATE_COMPLETE", ("Web", VPC, "CREATE_COMPLETE"))
    apply(script, plan=plan(("Vpc", reviewed)))
    # The untouched resource is ready before the update ends, the changed one with its new identity only.
    assert script.ready == [("Web", "web-1", VPC), ("Vpc", "vpc-2", VPC)]
    script.assert_done()


def test_an_update_that_rolled_back_says_that_the_stack_is_as_before(script: Any) -> None:
    script.stack("CREATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "False"))
    script.resources()
    script.page()
    script.answer("execute_change_set")
    script.page(
        script.event("Vpc", "UPDATE_FAILED", "not authorized to perform: ec2:ModifyVpcAttribute"),
        script.stack_event("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Vpc]"),
        script.event("Vpc", "UPDATE_COMPLETE"),
        script.stack_event("UPDATE_ROLLBACK_COMPLETE"),
    )
    script.stack("UPDATE_ROLLBACK_COMPLETE")
    script.page()
    with pytest.raises(StageError) as caught:
        apply(script)
    assert script.ready == []  # what goes back is not news to prepare hosts for
    assert caught.value.left == "the stack is as it was before"
    assert caught.value.hint == "Give the deploying role the permission named in the message."
    script.assert_done()


def test_nobody_is_told_to_remove_what_the_deployment_itself_needs(script: Any) -> None:
    script.stack("CREATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "False"))
    script.resources()
    script.page()
    script.answer("execute_change_set")
    script.page(
        script.event("Key", "UPDATE_FAILED", "The keypair 'key-1' already exists."),
        script.stack_event("UPDATE_ROLLBACK_COMPLETE"),
    )
    script.stack("UPDATE_ROLLBACK_COMPLETE")
    script.page()
    script.resources(("Key", VPC, "UPDATE_COMPLETE"))
    with pytest.raises(StageError) as caught:
        apply(script)
    assert str(caught.value.hint).startswith(f"Key ({VPC}) of this deployment has this name: do not delete it.")
    script.assert_done()


@pytest.mark.parametrize("code", ["Throttling", "InternalFailure"])
def test_what_passes_is_waited_out(script: Any, code: str) -> None:
    create_begins(script)
    script.error("describe_stack_events", code, "not now")
    script.page(script.stack_event("CREATE_COMPLETE"))
    rests(script, "CREATE_COMPLETE")
    assert apply(script).changed
    assert script.clock.slept
    script.assert_done()


@pytest.mark.parametrize(
    ("token", "whose"),
    [
        ("hivemind-before", "from an earlier run"),
        ("Console-UpdateStack-1", "because someone else is changing it, not HiveMind"),
    ],
)
def test_an_interrupted_runs_operation_is_followed_to_its_end_first(script: Any, token: str, whose: str) -> None:
    script.stack("CREATE_IN_PROGRESS")
    begun, made = (
        script.stack_event("CREATE_IN_PROGRESS", token=token),
        script.event("Vpc", "CREATE_COMPLETE", token=token),
    )
    script.page(begun, made)
    script.page(begun, made)
    done = script.stack_event("CREATE_COMPLETE", token=token)
    script.page(begun, made, done)
    script.stack("CREATE_COMPLETE")
    script.page()
    script.stack("CREATE_COMPLETE")
    script.error("create_change_set", "ValidationError", "No updates are to be performed.")
    script.stack("CREATE_COMPLETE")
    script.resources(("Vpc", VPC, "CREATE_COMPLETE"))
    result = apply(script)
    assert not result.changed
    assert script.said == [f"{NAME} is in CREATE_IN_PROGRESS {whose}: waiting for it"]
    assert script.events == [f"{NAME} CREATE_IN_PROGRESS", "Vpc CREATE_COMPLETE", f"{NAME} CREATE_COMPLETE"]
    assert script.ready == [("Vpc", "vpc-1", VPC)]
    script.assert_done()


def test_an_interrupted_run_that_fails_is_reported_as_it_would_have_been(script: Any) -> None:
    script.stack("CREATE_IN_PROGRESS")
    failed = script.event("Db", "CREATE_FAILED", "no capacity", kind=DB, token="before")
    script.page(failed)
    script.page(failed)
    script.page(failed, script.stack_event("ROLLBACK_COMPLETE", token="before"))
    script.stack("ROLLBACK_COMPLETE")
    script.page()
    script.resources()
    with pytest.raises(StageError) as caught:
        apply(script)
    assert (caught.value.subject, caught.value.lines) == ("Db", ("no capacity",))
    script.assert_done()


def test_the_watch_ends_when_the_run_is_being_ended(script: Any) -> None:
    create_begins(script)
    script.page(script.stack_event("CREATE_IN_PROGRESS"))
    with pytest.raises(StepCancelled):
        apply(script, cancelled=iter([False, True]).__next__)


def test_a_stack_that_never_rests_is_left_at_the_deadline(script: Any) -> None:
    create_begins(script)
    for _ in range(8):
        script.page()
    with pytest.raises(StageError, match="did not finish within 0 minutes") as caught:
        apply(script, deadline=8.0)
    assert caught.value.left == "the stack is still changing"


def test_a_refused_call_is_a_failure_of_the_stage_with_the_answer_verbatim(script: Any) -> None:
    script.absent()
    script.error("create_stack", "ValidationError", "Parameters: [Size] must have values")
    with pytest.raises(StageError) as caught:
        apply(script)
    assert caught.value.lines == ("Parameters: [Size] must have values",)
    assert caught.value.exit_code == 11


def large(*names: str) -> str:
    resources = {name: {"Type": "AWS::S3::Bucket", "Properties": {"Tags": []}} for name in names}
    parameters = {"Revision": {"Type": "String"}}
    outputs = {"Text": {"Value": "x" * BODY_LIMIT}}
    return json.dumps({"Parameters": parameters, "Resources": resources, "Outputs": outputs})


def test_a_body_that_is_too_large_is_refused_before_any_call_where_nothing_can_pass_it_on(script: Any) -> None:
    with pytest.raises(StageError, match="51,200"):
        script.driver().apply(StackRequest(NAME, large("Files"), bucket="Bucket"))
    assert script.calls() == {}


def passes_through_its_bucket(script: Any, body: str) -> None:
    """The template is put into the stack's bucket, read by CloudFormation, and deleted."""
    script.resources(("Bucket", BUCKET, "CREATE_COMPLETE"))
    key = f"templates/{hashlib.sha256(body.encode()).hexdigest()}.json"
    script.answer("put_object", {}, "s3", Bucket="bucket-1", Key=key, Body=body.encode(), ContentType=ANY)
    url = f"https://s3.eu-west-1.amazonaws.com/bucket-1/{key}"
    script.change_set(("Files", "Add", ""), expected={"TemplateURL": url})
    script.answer("delete_object", {}, "s3", Bucket="bucket-1", Key=key)


def test_a_large_body_goes_through_the_stacks_bucket(script: Any) -> None:
    body = large("Bucket", "Files")
    script.stack("UPDATE_COMPLETE")
    passes_through_its_bucket(script, body)
    script.resources()
    script.page()
    script.answer("execute_change_set")
    script.page(script.event("Files", "CREATE_COMPLETE", kind=BUCKET), script.stack_event("UPDATE_COMPLETE"))
    rests(script, "UPDATE_COMPLETE", ("Bucket", BUCKET, "CREATE_COMPLETE"), ("Files", BUCKET, "CREATE_COMPLETE"))
    assert script.driver().apply(StackRequest(NAME, body, bucket="Bucket")).changed
    script.assert_done()


def test_a_stack_with_a_large_body_begins_with_its_bucket_alone(script: Any) -> None:
    body = large("Bucket", "Files")
    script.absent()
    bucket = {"Bucket": json.loads(body)["Resources"]["Bucket"]}
    first = {"Parameters": json.loads(body)["Parameters"], "Resources": bucket}
    script.created(json.dumps(first, sort_keys=True))
    script.page(script.event("Bucket", "CREATE_COMPLETE", kind=BUCKET), script.stack_event("CREATE_COMPLETE"))
    rests(script, "CREATE_COMPLETE", ("Bucket", BUCKET, "CREATE_COMPLETE"))
    script.stack("CREATE_COMPLETE")
    passes_through_its_bucket(script, body)
    script.resources()
    script.page()
    script.answer("execute_change_set")
    script.page(script.event("Files", "CREATE_COMPLETE", kind=BUCKET), script.stack_event("UPDATE_COMPLETE"))
    rests(script, "UPDATE_COMPLETE", ("Bucket", BUCKET, "CREATE_COMPLETE"), ("Files", BUCKET, "CREATE_COMPLETE"))
    result = script.driver().apply(StackRequest(NAME, body, bucket="Bucket"))
    assert set(result.physical_ids) == {"Bucket", "Files"}
    script.assert_done()


def test_a_large_body_for_a_stack_without_its_bucket_changes_nothing(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.resources()
    with pytest.raises(StageError, match="no bucket Bucket"):
        script.driver().apply(StackRequest(NAME, large("Bucket"), bucket="Bucket"))
    script.assert_done()


def test_tags_change_with_every_revision_and_surprise_nobody(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "Conditional"), details=(detail("Static", "Tags"),))
    script.resources()
    script.page()
    script.answer("execute_change_set")
    script.page(script.stack_event("UPDATE_COMPLETE"))
    rests(script, "UPDATE_COMPLETE")
    assert apply(script, plan=plan()).changed
    script.assert_done()


def test_protection_is_on_from_the_creation(script: Any) -> None:
    script.absent()
    seen: list[bool] = []
    script.client("cloudformation").meta.events.register(
        "before-parameter-build.cloudformation.CreateStack",
        lambda params, **_: seen.append(params["EnableTerminationProtection"]),
    )
    script.answer("create_stack", {"StackId": _stack_id()})
    script.page(script.stack_event("CREATE_COMPLETE"))
    rests(script, "CREATE_COMPLETE")
    apply(script, protected=True)
    assert seen == [True]
