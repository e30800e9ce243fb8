"""Drift: what is not as the stack's template says, because someone changed it by another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.deploy.calls import StackCalls
from hivemind.deploy.polling import Cancelled, Poll, never
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.cloud import Cloud
from hivemind.values.errors import CloudUnreachable, Stage, StageError

DEADLINE = 600.0
"""Seconds that CloudFormation may take to look at every resource."""
_COMPARED = frozenset({"IN_SYNC", "MODIFIED", "DELETED"})
_MOST_EVENTS = 5
"""Changes of a resource, newest first, that CloudTrail is asked for."""


@dataclass(frozen=True)
class Difference:
    """A property that is not as the template says. path: JSON Pointer. expected, actual: text; empty where there is
    none."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True)
class ChangedBy:
    """A change of a resource that CloudTrail has. time: RFC 3339. user, call: as CloudTrail says them."""

    time: str
    user: str
    call: str


@dataclass(frozen=True)
class Drifted:
    """A resource that differs. deleted: whether it is gone. by: its last changes, newest first; empty where CloudTrail
    has none or may not be asked."""

    logical_id: str
    physical_id: str
    type: str
    deleted: bool
    differences: tuple[Difference, ...]
    by: tuple[ChangedBy, ...]


@dataclass(frozen=True)
class Drift:
    """What a look at a stack found. compared: number of resources. unchecked: logical ids of what CloudFormation cannot
    compare."""

    drifted: tuple[Drifted, ...]
    compared: int
    unchecked: tuple[str, ...]


def detect(cloud: Cloud, stack: str, *, clock: Clock = SYSTEM_CLOCK, cancelled: Cancelled = never) -> Drift:
    """Has CloudFormation compare every resource of a stack (name or id) with its template. Changes nothing.

    Raises StageError where CloudFormation cannot, CloudCallFailed.
    """
    client = cloud.client("cloudformation")
    identifier = client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    poll = Poll(clock, pace=cloud.pace, deadline=DEADLINE, cancelled=cancelled)
    for _ in poll.tries():
        try:
            answer = client.describe_stack_drift_detection_status(StackDriftDetectionId=identifier)
        except CloudCallFailed as error:
            poll.forgive(error)
            continue
        if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
    else:
        raise StageError(Stage.VERIFY, "CloudFormation did not finish comparing the stack in time")
    entries = list(_entries(client, stack))
    if answer["DetectionStatus"] == "DETECTION_FAILED" and not entries:
        reason = answer.get("DetectionStatusReason", "")
        raise StageError(Stage.VERIFY, "CloudFormation could not compare the stack", lines=[reason] if reason else [])
    compared = {one["LogicalResourceId"] for one in entries if one["StackResourceDriftStatus"] in _COMPARED}
    every = [one.logical_id for one in StackCalls(cloud).resources(stack) if one.exists]
    return Drift(
        tuple(_drifted(cloud, one) for one in entries if one["StackResourceDriftStatus"] in ("MODIFIED", "DELETED")),
        len(compared),
        tuple(name for name in every if name not in compared),
    )


def last_found(cloud: Cloud, stack: str) -> tuple[Drifted, ...]:
    """What differed when CloudFormation last compared a stack (name or id), and who changed it; compares nothing anew.
    Raises CloudCallFailed."""
    entries = _entries(cloud.client("cloudformation"), stack, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"])
    return tuple(_drifted(cloud, one) for one in entries)


def _entries(client: Any, stack: str, **more: Any) -> Iterator[Mapping[str, Any]]:
    page: dict[str, str] = {}
    while True:
        answer = client.describe_stack_resource_drifts(StackName=stack, **more, **page)
        yield from answer["StackResourceDrifts"]
        if not answer.get("NextToken"):
            return
        page = {"NextToken": answer["NextToken"]}


def _drifted(cloud: Cloud, entry: Mapping[str, Any]) -> Drifted:
    differences = (
        Difference(one["PropertyPath"], one.get("ExpectedValue", ""), one.get("ActualValue", ""))
        for one in entry.get("PropertyDifferences", ())
    )
    physical = entry.get("PhysicalResourceId", "")
    return Drifted(
        entry["LogicalResourceId"],
        physical,
        entry["ResourceType"],
        entry["StackResourceDriftStatus"] == "DELETED",
        tuple(differences),
        tuple(_changed_by(cloud, physical)),
    )


def _changed_by(cloud: Cloud, physical_id: str) -> Iterator[ChangedBy]:
    """Who changed a resource, where CloudTrail can be asked: it keeps 90 days of changes, some minutes late."""
    if cloud.name != "aws" or not physical_id:
        return
    attribute = [{"AttributeKey": "ResourceName", "AttributeValue": physical_id}]
    try:
        answer = cloud.client("cloudtrail").lookup_events(LookupAttributes=attribute, MaxResults=50)
    except (CloudCallFailed, CloudUnreachable):
        return
    changes = [one for one in answer["Events"] if one.get("ReadOnly") != "true"]
    for one in changes[:_MOST_EVENTS]:
        yield ChangedBy(
            one["EventTime"].isoformat(timespec="seconds"), one.get("Username", "unknown"), one["EventName"]
        )
