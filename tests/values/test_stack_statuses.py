from __future__ import annotations

from pathlib import Path

import botocore.session
import pytest

from hivemind.values.stack_statuses import STACK_STATUSES, Rest, is_moving, page, rest_of, stack_status

pytestmark = pytest.mark.fast

DOCS = Path(__file__).parents[2] / "docs"


def test_every_status_of_the_api_has_one_row() -> None:
    shape = botocore.session.get_session().get_service_model("cloudformation").shape_for("StackStatus")
    names = [status.name for status in STACK_STATUSES]
    assert sorted(names) == sorted(set(names))
    assert set(names) == set(shape.enum)


def test_what_is_in_progress_is_left_alone_but_for_a_review() -> None:
    in_progress = {status.name for status in STACK_STATUSES if status.name.endswith("_IN_PROGRESS")}
    assert {name for name in in_progress if not is_moving(name)} == {"REVIEW_IN_PROGRESS"}
    assert not any(is_moving(status.name) for status in STACK_STATUSES if status.name not in in_progress)


def test_only_stacks_without_a_good_state_are_deleted_by_themselves() -> None:
    """An update, an import or a deletion that went wrong leaves what ran before: never dead, but for the deletion."""
    dead = {status.name for status in STACK_STATUSES if status.rest is Rest.DEAD}
    assert not {name for name in dead if name.startswith(("UPDATE", "IMPORT"))}
    assert dead == {
        "REVIEW_IN_PROGRESS",
        "CREATE_FAILED",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "DELETE_FAILED",
    }


@pytest.mark.parametrize(
    ("name", "rest"), [("REPAIR_IN_PROGRESS", Rest.MOVING), ("REPAIR_COMPLETE", Rest.CLOSED), ("", Rest.CLOSED)]
)
def test_a_status_that_aws_adds_later_is_looked_at_and_never_updated(name: str, rest: Rest) -> None:
    assert stack_status(name).rest is rest


def test_no_stack_is_gone() -> None:
    assert rest_of(None) is Rest.GONE


def test_the_page_has_the_table() -> None:
    text = (DOCS / "stack-statuses.md").read_text()
    assert page() in text, page()
