"""What CloudFormation's validation before the first resource finds, for change sets and creations.

Source: API reference of AWS CloudFormation, DescribeEvents: events of type VALIDATION_ERROR and HOOK_INVOCATION_ERROR.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.deploy.calls import StackCalls
from hivemind.values.errors import HiveMindError

_KINDS = frozenset({"VALIDATION_ERROR", "HOOK_INVOCATION_ERROR"})


@dataclass(frozen=True)
class Invalid:
    """One thing that CloudFormation refuses. place: the path within the resource; empty where it is the whole.
    stops: whether it stops the operation, and is no mere warning."""

    logical_id: str
    place: str
    reason: str
    stops: bool = True

    def __str__(self) -> str:
        where = f"{self.logical_id}{f' at {self.place}' if self.place else ''}"
        return f"{where}: {self.reason}" if self.logical_id else self.reason


def found_early(calls: StackCalls, **of: str) -> tuple[Invalid, ...]:
    """What was found, what stops the operation first. of: `ChangeSetName` or `StackName`. Empty where the installed
    botocore does not know the call, or it is not allowed."""
    if not calls.can_describe_events():
        return ()
    try:
        events = calls.failed_events(**of)
    except HiveMindError:
        return ()
    found = dict.fromkeys(_invalid(events))
    return tuple(sorted(found, key=lambda one: not one.stops))


def _invalid(events: Iterable[Mapping[str, Any]]) -> Iterable[Invalid]:
    for event in events:
        if event.get("EventType") not in _KINDS or event.get("ValidationStatus") == "SKIPPED":
            continue
        reason = event.get("ValidationStatusReason") or event.get("HookStatusReason") or event.get("ValidationName")
        mode = event.get("ValidationFailureMode") or event.get("HookFailureMode")
        yield Invalid(
            event.get("LogicalResourceId", ""),
            event.get("ValidationPath", "").strip("/").replace("/", "."),
            str(reason or event.get("HookType", "")),
            mode != "WARN",
        )
