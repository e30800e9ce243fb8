"""What CloudFormation says to a plan, before anybody approves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind.deploy.answered import BEGINS, asked, merged
from hivemind.deploy.calls import StackCalls
from hivemind.deploy.changeset import ResourceChange
from hivemind.flow.answering import with_answers
from hivemind.plan import show
from hivemind.plan.digest import with_digest
from hivemind.plan.model import Action, Basis, Change, Plan, Snapshot
from hivemind.template.fragment import Owner
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast
DATABASE, SUBNET, INSTANCE = "AWS::RDS::DBInstance", "AWS::EC2::Subnet", "AWS::EC2::Instance"
TEMPLATE = {"Resources": {"Db": {"Type": DATABASE, "DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}}}
OWNERS = {"Db": Owner("provisioner", "resources.db"), "Subnet": Owner("provisioner", "network")}
CHANGE_SET = "arn:aws:cloudformation:eu-west-1:1:changeSet/asked"


def plan(*changes: Change) -> Plan:
    return with_digest(Plan("shop", "production", "eu-west-1", Basis.LIVE, 2, changes, (), "template", "", cloud="aws"))


def change(name: str, kind: str, action: Action, *properties: str) -> Change:
    return Change(name, kind, action, "provisioner", OWNERS[name].path, properties, holds_data=kind == DATABASE)


def answered(made: Plan, *answers: ResourceChange) -> Plan:
    return merged(made, answers, TEMPLATE, OWNERS)


GROWN = plan(change("Db", DATABASE, Action.UPDATE, "AllocatedStorage"))
MOVED = plan(change("Subnet", SUBNET, Action.UPDATE, "Tags"))


def shown(made: Plan) -> str:
    return "\n".join(show.lines(made))


def test_an_answer_that_says_what_the_plan_says_changes_nothing() -> None:
    answer = ResourceChange("Db", DATABASE, "Modify", "False")
    assert answered(GROWN, answer) is GROWN


def test_a_replacement_that_only_cloudformation_knows_of_is_shown_with_its_cause_and_loses_data() -> None:
    made = answered(GROWN, ResourceChange("Db", DATABASE, "Modify", "True", causes=("Key.Arn",)))
    assert [(one.logical_id, one.policy) for one in made.losing_data] == [("Db", "Snapshot")]
    assert "! db  Db (AWS::RDS::DBInstance)" in shown(made)
    assert "CloudFormation says: it is replaced, because of Key.Arn" in shown(made)
    assert "Apply refuses it unless you allow each with --lose" in shown(made)
    assert made.digest != GROWN.digest
    assert made.own_digest == GROWN.digest


def test_what_the_plan_does_not_have_at_all_is_added_with_the_values_that_change() -> None:
    lost = ResourceChange(
        "Db", DATABASE, "Modify", "True", causes=("Subnet",), before={"DBSubnetGroupName": "a"},
        after={"DBSubnetGroupName": "b"},
    )  # fmt: skip
    made = answered(MOVED, ResourceChange("Subnet", SUBNET, "Modify", "False"), lost)
    assert [one.logical_id for one in made.losing_data] == ["Db"]
    assert "DBSubnetGroupName  a → b" in shown(made)
    assert "CloudFormation says: it is replaced, because of Subnet" in shown(made)
    removed = answered(MOVED, ResourceChange("Subnet", SUBNET, "Modify", "False"), replace(lost, action="Remove"))
    assert [(one.action, one.policy) for one in removed.losing_data] == [(Action.DELETE, "Snapshot")]


def test_what_may_only_follow_from_another_change_is_not_added() -> None:
    dynamic = ResourceChange("Db", DATABASE, "Modify", "Conditional", certain=False)
    assert answered(MOVED, ResourceChange("Subnet", SUBNET, "Modify", "False"), dynamic) is MOVED


def test_a_possible_replacement_is_said() -> None:
    answer = ResourceChange("Db", DATABASE, "Modify", "Conditional", ("KmsKeyId", "Tags"))
    made = answered(GROWN, answer)
    assert made.changes[0].may_replace == ("KmsKeyId",)
    assert "CloudFormation says: it may be replaced because of KmsKeyId" in shown(made)


def test_what_is_milder_is_said_too() -> None:
    replaced = replace(GROWN.changes[0], action=Action.REPLACE, replacing=("AllocatedStorage",), holds_data=True)
    made = answered(plan(replaced), ResourceChange("Db", DATABASE, "Modify", "False"))
    assert not made.losing_data
    assert "CloudFormation says: it is updated in place, not replaced" in shown(made)
    assert "CloudFormation says: nothing of it changes" in shown(answered(plan(replaced)))


def test_an_instance_that_is_updated_in_place_leaves_its_load_balancer_all_the_same() -> None:
    instance = Change("Web", INSTANCE, Action.REPLACE, "provisioner", "services.web", ("ImageId",), ("ImageId",))
    (known,) = answered(plan(instance), ResourceChange("Web", INSTANCE, "Modify", "False")).changes
    assert (known.action, known.answer) == (Action.REPLACE, "it is updated in place, not replaced")


def details(**target: Any) -> dict[str, Any]:
    known = {"Attribute": "Properties", "Name": "DBSubnetGroupName", "RequiresRecreation": "Always", **target}
    return {"Target": known, "Evaluation": "Static", "ChangeSource": "ResourceReference", "CausingEntity": "Subnet"}


def asks(script: Any) -> tuple[ResourceChange, ...]:
    return asked(StackCalls(script), script.id, {"TemplateBody": "{}"}, owners=OWNERS, clock=script.clock, pace=1.0)


def test_it_is_asked_by_a_change_set_that_is_deleted_again(script: Any) -> None:
    script.answer("list_change_sets", {"Summaries": []})
    script.answer("create_change_set", {"Id": CHANGE_SET})
    changed = {"LogicalResourceId": "Db", "ResourceType": DATABASE, "Action": "Modify", "Replacement": "True"}
    changed["Details"] = [details(BeforeValue="a", AfterValue="b")]  # type: ignore[assignment]
    script.answer(
        "describe_change_set",
        {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": changed}]},
        ChangeSetName=CHANGE_SET,
        IncludePropertyValues=True,
    )
    script.answer("delete_change_set", ChangeSetName=CHANGE_SET)
    (answer,) = asks(script)
    assert (answer.causes, answer.certain) == (("Subnet",), True)
    assert (answer.before, answer.after) == ({"DBSubnetGroupName": "a"}, {"DBSubnetGroupName": "b"})
    script.assert_done()


def test_what_killed_runs_asked_by_is_deleted_and_nobody_elses(script: Any) -> None:
    def summary(name: str, minutes: int) -> dict[str, Any]:
        made = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=minutes)
        return {"ChangeSetName": name, "ChangeSetId": f"{CHANGE_SET}/{name}", "CreationTime": made}

    kept = [summary("somebody-elses", 900), summary("hivemind-about-to-be-executed", 900), summary(f"{BEGINS}now", 1)]
    script.answer("list_change_sets", {"Summaries": [*kept, summary(f"{BEGINS}left", 90)]})
    script.answer("delete_change_set", ChangeSetName=f"{CHANGE_SET}/{BEGINS}left")
    script.answer("create_change_set", {"Id": CHANGE_SET})
    nothing = "The submitted information didn't contain changes."
    script.answer("describe_change_set", {"Status": "FAILED", "StatusReason": nothing})
    script.answer("delete_change_set", ChangeSetName=CHANGE_SET)
    assert asks(script) == ()
    script.assert_done()


def test_a_change_that_cloudformation_refuses_is_refused_before_anything_is_asked_of_people(script: Any) -> None:
    script.answer("list_change_sets", {"Summaries": []})
    script.answer("create_change_set", {"Id": CHANGE_SET})
    script.answer("describe_change_set", {"Status": "FAILED", "StatusReason": "Circular dependency"})
    script.answer("describe_events", {"OperationEvents": []})
    script.answer("delete_change_set", ChangeSetName=CHANGE_SET)
    with pytest.raises(StageError, match="CloudFormation refuses the change"):
        asks(script)
    script.assert_done()


STANDS = Snapshot(Basis.LIVE, "arn:stack", "UPDATE_COMPLETE", TEMPLATE, {"Revision": "r1"})
CHECKED: Any = SimpleNamespace(
    assembly=SimpleNamespace(text="{}", template={"Parameters": {"Revision": {}}, **TEMPLATE}, owners=OWNERS),
    blueprint=SimpleNamespace(stack_name="shop-production", role_arn=None, services={}, resources={}),
)


def with_cloudformations(script: Any, made: Plan, snapshot: Snapshot = STANDS) -> Plan:
    return with_answers(
        CHECKED, made, snapshot, script, lambda: {"Revision": "r2"}, clock=script.clock, say=script.said.append
    )


def test_the_plan_that_people_approve_is_the_one_that_cloudformation_would_carry_out(script: Any) -> None:
    script.answer("list_change_sets", {"Summaries": []})
    script.answer("create_change_set", {"Id": CHANGE_SET})
    changed = {"LogicalResourceId": "Db", "ResourceType": DATABASE, "Action": "Modify", "Replacement": "True"}
    script.answer(
        "describe_change_set",
        {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": changed}]},
    )
    script.answer("delete_change_set", ChangeSetName=CHANGE_SET)
    made = with_cloudformations(script, GROWN)
    assert [one.logical_id for one in made.losing_data] == ["Db"]
    assert made.digest == with_digest(made).digest
    script.assert_done()


def test_who_may_not_ask_it_gets_the_plan_as_it_was_and_is_told(script: Any) -> None:
    script.answer("list_change_sets", {"Summaries": []})
    script.error("create_change_set", "AccessDenied", "not authorized to perform: cloudformation:CreateChangeSet")
    assert with_cloudformations(script, GROWN) is GROWN
    assert "CloudFormation was not asked what it would do" in script.said[0]
    script.assert_done()


def test_it_is_not_asked_about_a_stack_that_it_cannot_change_now_or_about_nothing(script: Any) -> None:
    for snapshot in (replace(STANDS, status="UPDATE_IN_PROGRESS"), Snapshot(Basis.NONE)):
        assert with_cloudformations(script, GROWN, snapshot) is GROWN
    nothing = plan()
    assert with_cloudformations(script, nothing) is nothing
    script.assert_done()
