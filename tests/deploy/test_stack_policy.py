"""Stack policy, service role and capabilities: what CloudFormation is told beside the template."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import ANY

from hivemind.deploy.stack import StackRequest
from hivemind.deploy.stack_policy import policy_body
from hivemind.plan.digest import plan_digest
from hivemind.plan.model import Action, Basis, Change, Plan
from hivemind.plan.show import lines

pytestmark = pytest.mark.fast

NAME = "shop-production"
REQUEST = StackRequest(NAME, '{"Resources": {}}', guarded=frozenset({"Db", "Files"}))
ALL = policy_body(frozenset({"Db", "Files"}))
PLAN = Plan(NAME, "production", "eu-west-1", Basis.LIVE, 2, (), (), "", "")
REPLACED = Change("Db", "AWS::RDS::DBInstance", Action.REPLACE, "provisioner", "resources.db", holds_data=True)


def updates(script: Any) -> None:
    """An update that is ready to be executed."""
    script.stack("UPDATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "False"))
    script.resources(("Vpc", "AWS::EC2::VPC", "CREATE_COMPLETE"))
    script.page()


def carried_out(script: Any) -> None:
    script.answer("execute_change_set", ChangeSetName=ANY, ClientRequestToken=script.token)
    script.page(script.stack_event("UPDATE_COMPLETE"))
    script.stack("UPDATE_COMPLETE")
    script.page()


def ended(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.resources(("Vpc", "AWS::EC2::VPC", "UPDATE_COMPLETE"))


def test_the_policy_allows_everything_but_losing_data() -> None:
    allow, deny = json.loads(ALL)["Statement"]
    assert (allow["Effect"], allow["Action"], allow["Resource"]) == ("Allow", "Update:*", "*")
    assert deny["Resource"] == ["LogicalResourceId/Db", "LogicalResourceId/Files"]
    assert deny["Action"] == ["Update:Replace", "Update:Delete"]
    assert len(json.loads(policy_body(frozenset()))["Statement"]) == 1


def test_a_creation_has_policy_and_role_from_the_start(script: Any) -> None:
    role = "arn:aws:iam::123456789012:role/cfn"
    script.absent()
    script.answer(
        "create_stack",
        {"StackId": script.id},
        StackName=NAME,
        ClientRequestToken=script.token,
        OnFailure="ROLLBACK",
        EnableTerminationProtection=False,
        StackPolicyBody=ALL,
        RoleARN=role,
        TemplateBody=ANY,
        Parameters=[],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[],
    )
    script.page(script.stack_event("CREATE_COMPLETE"))
    script.stack("CREATE_COMPLETE")
    script.page()
    script.stack("CREATE_COMPLETE")
    script.resources()
    request = replace(REQUEST, role_arn=role, capabilities=("CAPABILITY_IAM",))
    assert script.driver().apply(request).changed
    script.assert_done()


def test_a_policy_that_guards_all_is_not_set_again(script: Any) -> None:
    updates(script)
    script.answer("get_stack_policy", {"StackPolicyBody": ALL}, StackName=script.id)
    carried_out(script)
    ended(script)
    script.driver().apply(replace(REQUEST, plan=PLAN))
    script.assert_done()


def test_what_was_agreed_to_is_let_through_for_the_update_alone(script: Any) -> None:
    updates(script)
    script.answer("get_stack_policy", {"StackPolicyBody": ALL}, StackName=script.id)
    during = policy_body(frozenset({"Files"}))
    script.answer("set_stack_policy", StackName=script.id, StackPolicyBody=during)
    carried_out(script)
    script.answer("set_stack_policy", StackName=script.id, StackPolicyBody=ALL)
    ended(script)
    script.driver().apply(replace(REQUEST, plan=replace(PLAN, changes=(REPLACED,))))
    script.assert_done()


def test_what_leaves_the_template_is_no_longer_guarded_while_it_goes(script: Any) -> None:
    updates(script)
    script.answer("get_stack_policy", {"StackPolicyBody": ALL}, StackName=script.id)
    script.answer("set_stack_policy", StackName=script.id, StackPolicyBody=policy_body(frozenset({"Files"})))
    carried_out(script)
    ended(script)
    script.driver().apply(replace(REQUEST, guarded=frozenset({"Files"})))
    script.assert_done()


def test_without_the_permission_the_update_goes_on_and_says_so(script: Any) -> None:
    updates(script)
    script.error("get_stack_policy", "AccessDenied", "not authorized", status=403)
    script.error("set_stack_policy", "AccessDenied", "not authorized", status=403)
    carried_out(script)
    ended(script)
    script.driver().apply(replace(REQUEST, plan=PLAN))
    assert any("data is not guarded by a stack policy" in line for line in script.said)
    script.assert_done()


def test_the_plan_says_what_cloudformation_may_do_and_what_is_guarded() -> None:
    role = "arn:aws:iam::123456789012:role/cfn"
    plan = replace(PLAN, cloud="aws", changes=(REPLACED,), guarded=("Db",), capabilities=("CAPABILITY_IAM",))
    shown = lines(replace(plan, role_arn=role))
    assert f"CloudFormation works as {role}." in shown
    assert "It is allowed to change IAM: CAPABILITY_IAM." in shown
    assert "A stack policy guards data from being replaced or deleted: Db." in shown
    assert not any("guards data" in line for line in lines(replace(plan, cloud="local")))
    assert plan_digest(plan) == plan_digest(replace(plan, guarded=(), capabilities=()))
    assert plan_digest(plan) != plan_digest(replace(plan, role_arn=role))
