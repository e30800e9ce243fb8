"""Stacks that take no update before an earlier one is taken back, against scripted answers of CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.deploy.stack import StackRequest, StackResult
from hivemind.values.errors import Refused, StageError

pytestmark = pytest.mark.fast

NAME = "shop-production"
DB = "AWS::RDS::DBInstance"
VPC = "AWS::EC2::VPC"
FAILED = "The following resource(s) failed to update: [Db, Vpc]. "


def apply(script: Any, **options: Any) -> StackResult:
    request = StackRequest(NAME, "{}", **options)
    return script.driver().apply(request, on_event=script.on_event)


def summaries(script: Any, **reasons: str) -> None:
    """What is in the stack: Db and Vpc, neither of which went back. reasons: of their status."""
    kinds = {"Db": DB, "Vpc": VPC}
    resources = [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": f"{name.lower()}-1",
            "ResourceType": kind,
            "ResourceStatus": "UPDATE_FAILED",
            "ResourceStatusReason": reasons.get(name, ""),
            "LastUpdatedTimestamp": "2026-01-01",
        }
        for name, kind in kinds.items()
    ]
    script.answer("list_stack_resources", {"StackResourceSummaries": resources})


def stuck(script: Any, reason: str = FAILED) -> None:
    script.stack("UPDATE_ROLLBACK_FAILED", StackStatusReason=reason)
    summaries(script)
    script.page(script.stack_event("UPDATE_ROLLBACK_FAILED", token="hivemind-before"))


def continued(script: Any, *skip: str) -> None:
    more = {"ResourcesToSkip": list(skip)} if skip else {}
    script.answer("continue_update_rollback", StackName=script.id, ClientRequestToken=script.token, **more)


def then_updates(script: Any) -> None:
    """An update that changes nothing, so that the script is short."""
    script.error("create_change_set", "ValidationError", "No updates are to be performed.")
    script.stack("UPDATE_ROLLBACK_COMPLETE")
    script.resources(("Vpc", VPC, "UPDATE_COMPLETE"))


def test_a_rollback_that_failed_is_continued_before_the_update(script: Any) -> None:
    stuck(script)
    continued(script)
    script.page(script.event("Db", "UPDATE_COMPLETE", kind=DB), script.stack_event("UPDATE_ROLLBACK_COMPLETE"))
    script.stack("UPDATE_ROLLBACK_COMPLETE")
    script.page()
    then_updates(script)
    assert not apply(script).changed
    assert script.said == [f"{NAME} is in UPDATE_ROLLBACK_FAILED: continuing the rollback"]
    assert script.events == ["Db UPDATE_COMPLETE", f"{NAME} UPDATE_ROLLBACK_COMPLETE"]
    script.assert_done()


def test_what_cannot_go_back_again_is_named_without_what_was_only_canceled(script: Any) -> None:
    stuck(script)
    continued(script)
    refusal = "Cannot downgrade postgres from 17 to 16"
    script.page(
        script.event("Db", "UPDATE_FAILED", refusal, kind=DB),
        script.event("Vpc", "UPDATE_FAILED", "Resource update cancelled"),
        script.stack_event("UPDATE_ROLLBACK_FAILED", FAILED),
    )
    script.stack("UPDATE_ROLLBACK_FAILED", StackStatusReason=FAILED)
    script.page()
    script.stack("UPDATE_ROLLBACK_FAILED", StackStatusReason=FAILED)
    summaries(script, Db=refusal, Vpc="Resource update cancelled")
    with pytest.raises(StageError) as caught:
        apply(script)
    error = caught.value
    assert (error.subject, error.lines[0]) == ("Db", refusal)
    assert "hivemind apply --skip-rollback Db. Db then stays as it is; make hivemind.yaml say so." in str(error.hint)
    assert (
        error.left
        == "the stack is in UPDATE_ROLLBACK_FAILED: Db could not go back. The next apply continues the rollback"
    )
    script.assert_done()


def test_what_was_named_is_left_as_it_is(script: Any) -> None:
    stuck(script)
    continued(script, "Db")
    script.page(script.stack_event("UPDATE_ROLLBACK_COMPLETE"))
    script.stack("UPDATE_ROLLBACK_COMPLETE")
    script.page()
    then_updates(script)
    apply(script, skip_rollback=frozenset({"Db"}))
    assert script.said == [
        f"{NAME} is in UPDATE_ROLLBACK_FAILED: continuing the rollback, leaving Db as it is",
        "Db may differ from the template: make hivemind.yaml say what is there",
    ]
    script.assert_done()


def test_only_what_could_not_go_back_can_be_left(script: Any) -> None:
    script.stack("UPDATE_ROLLBACK_FAILED", StackStatusReason=FAILED)
    summaries(script)
    with pytest.raises(Refused, match="--skip-rollback Web: only Db, Vpc could not go back"):
        apply(script, skip_rollback=frozenset({"Db", "Web"}))
    script.assert_done()


@pytest.mark.parametrize("ends", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_an_update_that_was_told_to_stay_is_rolled_back_first(script: Any, ends: str) -> None:
    script.stack("UPDATE_FAILED")
    script.page(script.stack_event("UPDATE_FAILED", token="console"))
    script.answer("rollback_stack", StackName=script.id, ClientRequestToken=script.token)
    script.page(script.stack_event(ends, FAILED if "FAILED" in ends else ""))
    script.stack(ends)
    script.page()
    if ends == "UPDATE_ROLLBACK_COMPLETE":
        then_updates(script)
        apply(script)
    else:
        script.stack(ends, StackStatusReason=FAILED)
        summaries(script)
        with pytest.raises(StageError, match="in UPDATE_ROLLBACK_FAILED"):
            apply(script)
    assert script.said == [f"{NAME} is in UPDATE_FAILED: rolling that update back"]
    script.assert_done()


@pytest.mark.parametrize("status", ["IMPORT_ROLLBACK_FAILED", "SOMETHING_NEW"])
def test_a_stack_that_is_for_others_to_mend_is_not_touched(script: Any, status: str) -> None:
    script.stack(status)
    script.resources(("Db", DB, "CREATE_COMPLETE"))
    with pytest.raises(StageError, match=f"is in {status} and accepts no update") as caught:
        apply(script)
    assert caught.value.hint
    script.assert_done()


def test_a_stack_whose_import_was_taken_back_is_never_deleted(script: Any) -> None:
    script.stack("IMPORT_ROLLBACK_COMPLETE")
    then_updates(script)
    assert not apply(script).changed
    script.assert_done()
