"""What failed first: the earliest failure that is nobody's consequence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.deploy.diagnosis import consequences, diagnose, first_failure
from hivemind.deploy.events import StackEvent, stack_event

STACK = "arn:aws:cloudformation:eu-west-1:1:stack/shop/1"


def event(number: int, status: str, reason: str = "", *, stack: bool = False) -> StackEvent:
    return StackEvent(
        id=str(number),
        time=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        stack_id=STACK,
        logical_id="shop" if stack else f"R{number}",
        physical_id=STACK if stack else f"r-{number}",
        type="AWS::CloudFormation::Stack" if stack else "AWS::EC2::VPC",
        status=status,
        reason=reason,
    )


noise = st.sampled_from(
    [
        ("CREATE_IN_PROGRESS", ""),
        ("CREATE_COMPLETE", ""),
        ("DELETE_COMPLETE", ""),
        ("CREATE_FAILED", "Resource creation cancelled"),
        ("UPDATE_FAILED", "Resource update cancelled"),
    ]
)


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(before=st.lists(noise, max_size=6), after=st.lists(noise, max_size=6))
def test_the_cause_is_found_among_any_cancellations(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    entries = [*before, ("CREATE_FAILED", "the cause"), *after, ("CREATE_FAILED", "a later one")]
    events = [event(0, "CREATE_IN_PROGRESS", "User Initiated", stack=True)]
    events += [event(number, *entry) for number, entry in enumerate(entries, start=1)]
    events.append(event(99, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [R1]", stack=True))
    cause = first_failure(events)
    assert cause is not None
    assert cause.reason == "the cause"
    assert [item.reason for item in consequences(events, cause)] == ["a later one"]


@pytest.mark.fast
def test_where_no_resource_failed_the_stacks_own_reason_counts() -> None:
    events = [event(1, "CREATE_COMPLETE"), event(2, "ROLLBACK_IN_PROGRESS", "Transform AWS::X failed", stack=True)]
    cause = first_failure(events)
    assert cause is not None
    assert cause.reason == "Transform AWS::X failed"
    assert first_failure(events[:1]) is None


@pytest.mark.fast
@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("User: arn:x is not authorized to perform: ec2:CreateVpc", "permission_error"),
        ("The maximum number of VPCs has been reached.", "resource_limit"),
        ("We currently do not have sufficient capacity in eu-west-1a", "no_capacity"),
        ("shop-db already exists in stack arn:x", "name_taken"),
        ("Rate exceeded", "throttled"),
        ("Exceeded attempts to wait", "network_timeout"),
        ("Cannot find version 16.9 for postgres", "configuration_error"),
        ("The specified backup retention period exceeds the maximum available to free tier customers.", "free_plan"),
        ("This instance size isn't available with free plan accounts.", "free_plan"),
        ("Verify that you have permission to create service linked role. Otherwise wait", "service_linked_role"),
        ("User: arn:x is not authorized to perform: iam:CreateServiceLinkedRole", "service_linked_role"),
        ("something new", "unknown"),
        ("", "unknown"),
    ],
)
def test_rules(reason: str, cause: str) -> None:
    found = diagnose("Db", reason, path="resources.db")
    assert (found.root_cause, found.path) == (cause, "resources.db")
    assert found.quotes == ((reason,) if reason else ())
    assert found.remediation


@pytest.mark.fast
def test_an_answer_of_the_service_may_lack_what_is_optional() -> None:
    made = stack_event(
        {"EventId": "1", "StackId": STACK, "StackName": "s", "Timestamp": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    assert (made.token, made.reason, made.failed) == (None, "", False)
