"""Diagnosis: what failed first, and why, out of a stack's events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hivemind.deploy.events import StackEvent


@dataclass(frozen=True)
class Diagnosis:
    """The cause of a failure (the spec's failure analysis).

    root_cause: one word such as `permission_error`, or `unknown`. description: what happened.
    remediation: what would fix it. quotes: verbatim lines it rests on. subject: what failed first.
    path: the blueprint part it comes from.
    """

    root_cause: str
    description: str
    remediation: str
    quotes: tuple[str, ...] = ()
    subject: str | None = None
    path: str | None = None


def first_failure(events: Iterable[StackEvent]) -> StackEvent | None:
    """The earliest failed event that is not the consequence of another failure.

    events: of one attempt, oldest first. A resource's own failure counts before the stack's; a stack's
    own event is the answer only where no resource failed. None where nothing failed.
    """
    failed = [event for event in events if event.failed and not event.is_consequence]
    for event in failed:
        if not event.is_stack:
            return event
    with_reason = [event for event in failed if event.reason]
    return with_reason[0] if with_reason else (failed[0] if failed else None)


def consequences(events: Sequence[StackEvent], cause: StackEvent) -> tuple[StackEvent, ...]:
    """Other resources' own failures after the cause, cancellations left out."""
    return tuple(
        event for event in events if event.failed and not event.is_consequence and not event.is_stack and event != cause
    )


_CAUSES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "permission_error",
        ("AccessDenied", "not authorized to perform", "UnauthorizedOperation"),
        "Give the deploying role the permission named in the message.",
    ),
    (
        "resource_limit",
        ("LimitExceeded", "limit has been reached", "maximum number of", "quota"),
        "Ask AWS for a higher quota, or use fewer or smaller resources.",
    ),
    (
        "no_capacity",
        ("InsufficientInstanceCapacity", "sufficient capacity", "InsufficientDBInstanceCapacity"),
        "Use another size or try again later.",
    ),
    (
        "name_taken",
        ("already exists", "AlreadyExists"),
        "Something outside this stack has that name: remove it, or choose another name.",
    ),
    ("throttled", ("Rate exceeded", "Throttling"), "Apply again; AWS was answering too many calls."),
    (
        "network_timeout",
        ("timed out", "Exceeded attempts to wait"),
        "Apply again; if it repeats, read the resource's log.",
    ),
    (
        "configuration_error",
        ("Cannot find version", "Invalid", "ValidationError", "is not valid", "not supported", "does not exist"),
        "Correct the value in the blueprint, then apply again.",
    ),
)


def diagnose(subject: str, reason: str, *, path: str | None = None) -> Diagnosis:
    """A Diagnosis by rules alone. reason: what the cloud said, quoted verbatim in it."""
    for cause, marks, remediation in _CAUSES:
        if any(mark.lower() in reason.lower() for mark in marks):
            return Diagnosis(cause, f"{subject} failed: {reason}", remediation, (reason,), subject, path)
    quotes = (reason,) if reason else ()
    description = f"{subject} failed: {reason or 'no reason given'}"
    return Diagnosis(
        "unknown", description, "Read the events (hivemind events), then apply again.", quotes, subject, path
    )
