"""Stack events: what CloudFormation says while a stack moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

STACK_TYPE = "AWS::CloudFormation::Stack"

_CONSEQUENCES = (
    "resource creation cancelled",
    "resource update cancelled",
    "resource deletion cancelled",
    "resource creation was cancelled",
    "the following resource(s) failed to",
)
"""Beginnings of reasons (lower case) of events that follow from another failure.
Source: AWS CloudFormation user guide, "Troubleshooting CloudFormation"."""


@dataclass(frozen=True)
class StackEvent:
    """One event. time: with time zone. reason: verbatim, empty where there is none. token: the
    ClientRequestToken of the operation that it belongs to, None where the service gave none."""

    id: str
    time: datetime
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    token: str | None = None

    @property
    def is_stack(self) -> bool:
        """Whether it is about the stack itself, not one of its resources."""
        return self.type == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED") or (self.is_stack and "ROLLBACK_IN_PROGRESS" in self.status)

    @property
    def is_consequence(self) -> bool:
        """Whether another failure brought it about."""
        return self.reason.lower().startswith(_CONSEQUENCES)

    @property
    def done(self) -> bool:
        return self.status.endswith("_COMPLETE")


def stack_event(answer: Mapping[str, Any]) -> StackEvent:
    """A StackEvent out of one entry of DescribeStackEvents."""
    return StackEvent(
        id=answer["EventId"],
        time=answer["Timestamp"],
        stack_id=answer["StackId"],
        logical_id=answer.get("LogicalResourceId", ""),
        physical_id=answer.get("PhysicalResourceId", ""),
        type=answer.get("ResourceType", ""),
        status=answer.get("ResourceStatus", ""),
        reason=answer.get("ResourceStatusReason", ""),
        token=answer.get("ClientRequestToken"),
    )
