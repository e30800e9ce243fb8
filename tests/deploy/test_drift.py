"""Drift, as CloudFormation and CloudTrail tell it, against scripted answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hivemind.deploy.drift import ChangedBy, Difference, detect
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


def test_a_stack_that_cannot_be_compared(script: Any) -> None:
    begun(script, "DETECTION_FAILED", DetectionStatusReason="no permission for ec2:DescribeVpcs")
    script.answer("describe_stack_resource_drifts", {"StackResourceDrifts": []}, StackName=NAME)
    with pytest.raises(StageError) as caught:
        detect(script, NAME, clock=script.clock)
    assert caught.value.lines == ("no permission for ec2:DescribeVpcs",)
