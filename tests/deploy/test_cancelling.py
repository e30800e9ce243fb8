"""Taking back what the driver has begun, against scripted answers of CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.deploy.stack import StackDriver, StackRequest
from hivemind.values.errors import Canceled, Refused
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.fast

NAME = "shop-production"


def apply(script: Any, driver: StackDriver, *, when: str) -> list[str]:
    """Applies, and cancels when the first event of a status comes. Returns what cancel said."""
    said: list[str] = []

    def on_event(event: Any) -> None:
        script.on_event(event)
        if event.status == when and not said:
            assert driver.is_under_way
            said.append(driver.cancel())
            assert not driver.is_under_way, "it can be canceled once"

    with pytest.raises(Canceled) as caught:
        driver.apply(StackRequest(NAME, "{}", protected=True), on_event=on_event)
    said += [caught.value.message, str(caught.value.left)]
    assert caught.value.exit_code is ExitCode.INTERRUPTED
    assert not driver.is_under_way
    script.assert_done()
    return said


def test_an_update_is_taken_back(script: Any) -> None:
    script.stack("UPDATE_COMPLETE", EnableTerminationProtection=True)
    script.change_set(("Vpc", "Modify", "False"))
    script.resources()
    script.page()
    script.answer("execute_change_set")
    script.page(script.event("Vpc", "UPDATE_IN_PROGRESS"))
    script.stack("UPDATE_IN_PROGRESS")
    script.answer("cancel_update_stack", StackName=script.id, ClientRequestToken=script.token)
    script.page(script.stack_event("UPDATE_ROLLBACK_COMPLETE"))
    script.stack("UPDATE_ROLLBACK_COMPLETE")
    script.page()
    assert apply(script, script.driver(), when="UPDATE_IN_PROGRESS") == [
        f"Canceling the update of {NAME}: CloudFormation takes it back.",
        "canceled; the stack is in UPDATE_ROLLBACK_COMPLETE",
        "the stack is as it was before",
    ]


def test_what_a_creation_made_is_deleted_with_its_protection(script: Any) -> None:
    script.absent()
    script.created()
    script.page(script.event("Vpc", "CREATE_IN_PROGRESS"))
    script.stack("CREATE_IN_PROGRESS", EnableTerminationProtection=True)
    script.answer("update_termination_protection", EnableTerminationProtection=False, StackName=script.id)
    script.answer("delete_stack", StackName=script.id, ClientRequestToken=script.token)
    script.page(script.stack_event("DELETE_COMPLETE"))
    script.absent()
    script.page()
    assert apply(script, script.driver(), when="CREATE_IN_PROGRESS") == [
        f"Canceling the creation of {NAME}: CloudFormation deletes what it created.",
        "canceled; the stack is in DELETE_COMPLETE",
        "nothing; the stack is deleted",
    ]


def test_where_it_is_too_late_the_update_goes_on(script: Any) -> None:
    script.stack("UPDATE_COMPLETE")
    script.change_set(("Vpc", "Modify", "False"))
    script.resources()
    script.page()
    script.answer("execute_change_set")
    script.page(script.event("Vpc", "UPDATE_COMPLETE"))
    script.stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    script.page(script.stack_event("UPDATE_COMPLETE"))
    script.stack("UPDATE_COMPLETE")
    script.page()
    script.stack("UPDATE_COMPLETE")
    script.resources()
    driver = script.driver()

    def on_event(event: Any) -> None:
        if not event.is_stack:
            with pytest.raises(Refused, match="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, which cannot be canceled"):
                driver.cancel()
            assert driver.is_under_way

    assert driver.apply(StackRequest(NAME, "{}"), on_event=on_event).changed
    script.assert_done()


def test_before_anything_has_begun_there_is_nothing_to_cancel(script: Any) -> None:
    driver = script.driver()
    assert not driver.is_under_way
    with pytest.raises(Refused, match="nothing is under way"):
        driver.cancel()
