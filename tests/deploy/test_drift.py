"""Drift, as CloudFormation and CloudTrail tell it, against scripted answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hivemind.deploy.drift import ChangedBy, Difference, detect
from hivemind.flow.looking_ahead import _changed
from hivemind.plan.model import Basis, Snapshot
from hivemind.values.errors import StageError

pytestmark = pytest.mark.fast
NAME = "shop-production"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def begun(script: Any, *statuses: str, **more: str) -> None:
    script.answer("detect_stack_drift", {"StackDriftDetectionId": "d1"}, StackName=NAME)
    for status in statuses:
        answer = {"StackId": script.id, "StackDriftDetectionId": "d1", "DetectionStatus": status, "Timestamp": NOW}
        script.answer("describe_stack_drift_detection_status", answer | more)


def entry(script: Any, name: str, status: str, *different: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "StackId": script.id,
        "LogicalResourceId": name,
        "PhysicalResourceId": f"{name.lower()}-1",
        "ResourceType": "AWS::EC2::SecurityGroup",
        "StackResourceDriftStatus": status,
        "Timestamp": NOW,
        "PropertyDifferences": [
            {"PropertyPath": path, "ExpectedValue": one, "ActualValue": two, "DifferenceType": "NOT_EQUAL"}
            for path, one, two in different
        ],
    }


def test_what_differs_and_who_changed_it(script: Any) -> None:
    begun(script, "DETECTION_IN_PROGRESS", "DETECTION_COMPLETE")
    changed = entry(script, "Group", "MODIFIED", ("/SecurityGroupIngress/0/CidrIp", "10.0.0.0/16", "0.0.0.0/0"))
    first = {"StackResourceDrifts": [changed, entry(script, "Same", "IN_SYNC")], "NextToken": "2"}
    script.answer("describe_stack_resource_drifts", first, StackName=NAME)
    rest = [entry(script, "Gone", "DELETED"), entry(script, "Other", "NOT_CHECKED")]
    script.answer("describe_stack_resource_drifts", {"StackResourceDrifts": rest}, StackName=NAME, NextToken="2")
    events = [
        {"EventTime": NOW, "Username": "jo", "EventName": "AuthorizeSecurityGroupIngress", "ReadOnly": "false"},
        {"EventTime": NOW, "Username": "jo", "EventName": "DescribeSecurityGroups", "ReadOnly": "true"},
    ]
    kind = "AWS::EC2::SecurityGroup"
    script.resources(*((name, kind, "CREATE_COMPLETE") for name in ("Group", "Same", "Gone", "Other", "Never")))
    attribute = [{"AttributeKey": "ResourceName", "AttributeValue": "group-1"}]
    script.answer("lookup_events", {"Events": events}, "cloudtrail", LookupAttributes=attribute, MaxResults=50)
    script.error("lookup_events", "AccessDeniedException", "no", "cloudtrail")

    found = detect(script, NAME, clock=script.clock)
    group, gone = found.drifted
    assert group.differences == (Difference("/SecurityGroupIngress/0/CidrIp", "10.0.0.0/16", "0.0.0.0/0"),)
    assert group.by == (ChangedBy("2026-01-01T00:00:00+00:00", "jo", "AuthorizeSecurityGroupIngress"),)
    assert (gone.logical_id, gone.deleted, gone.by) == ("Gone", True, ())
    assert (found.compared, found.unchecked) == (3, ("Never", "Other"))
    script.assert_done()


def test_a_plan_names_what_was_changed_and_by_whom_without_comparing_anew(script: Any) -> None:
    changed = [entry(script, name, "MODIFIED") for name in ("Group", "Role", "Key", "Zone")]
    asked = {"StackName": "arn:stack", "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    script.answer("describe_stack_resource_drifts", {"StackResourceDrifts": changed}, **asked)
    event = {"EventTime": NOW, "Username": "jo", "EventName": "AuthorizeSecurityGroupIngress", "ReadOnly": "false"}
    script.answer("lookup_events", {"Events": [event]}, "cloudtrail")
    for _ in changed[1:]:
        script.error("lookup_events", "AccessDeniedException", "no", "cloudtrail")
    words = _changed(Snapshot(Basis.LIVE, "arn:stack", "UPDATE_COMPLETE", drifted=True), script)
    assert words == (
        "someone changed Group (AuthorizeSecurityGroupIngress by jo at 2026-01-01T00:00:00+00:00), Role, Key "
        "and 1 more by another way"
    )
    script.assert_done()


def test_who_may_not_read_what_differs_is_warned_all_the_same(script: Any) -> None:
    script.error("describe_stack_resource_drifts", "AccessDenied", "no")
    words = _changed(Snapshot(Basis.LIVE, "arn:stack", "UPDATE_COMPLETE", drifted=True), script)
    assert words == "someone changed it by another way"


def test_a_stack_that_cannot_be_compared(script: Any) -> None:
    begun(script, "DETECTION_FAILED", DetectionStatusReason="no permission for ec2:DescribeVpcs")
    script.answer("describe_stack_resource_drifts", {"StackResourceDrifts": []}, StackName=NAME)
    with pytest.raises(StageError) as caught:
        detect(script, NAME, clock=script.clock)
    assert caught.value.lines == ("no permission for ec2:DescribeVpcs",)
