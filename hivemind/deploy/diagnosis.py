"""Diagnosis: what failed first, and why, out of a stack's events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hivemind.deploy.events import StackEvent
from hivemind.deploy.stack_causes import SIGNATURES
from hivemind.values.signatures import Signature, Speaker, match


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


def diagnose(
    subject: str, reason: str, *, path: str | None = None, signatures: Sequence[Signature] = SIGNATURES
) -> Diagnosis:
    """A Diagnosis by rules alone. reason: what the cloud said, quoted verbatim in it."""
    found = match(signatures, [reason], Speaker.CLOUD)
    quotes = (reason,) if reason else ()
    cause = found.signature.cause if found else "unknown"
    remedy = (found.remedy() if found else None) or "Read the events (`hivemind events`), then apply again."
    return Diagnosis(cause, f"{subject} failed: {reason or 'no reason given'}", remedy, quotes, subject, path)
