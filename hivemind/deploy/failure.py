"""A stack's failure as a StageError: what failed first, where it comes from, what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hivemind.deploy.calls import StackCalls
from hivemind.deploy.diagnosis import consequences, diagnose, first_failure
from hivemind.deploy.events import StackEvent
from hivemind.template.fragment import Owner
from hivemind.text.redact import redact
from hivemind.values.errors import Stage, StageError


def stack_failure(
    calls: StackCalls, stack_id: str, status: str, events: Sequence[StackEvent], owners: Mapping[str, Owner]
) -> StageError:
    """The error for a stack that came to rest in a bad status. owners: logical id -> Owner, of the assembly."""
    left = left_behind(calls, stack_id, status)
    cause = first_failure(events)
    if cause is None:
        return StageError(
            Stage.PROVISION, f"the stack ended in {status}", left=left, hint="`hivemind events` shows why."
        )
    owner = owners.get(cause.logical_id)
    path = owner.path if owner else None
    reason = redact(cause.reason)
    others = [f"{event.logical_id}: {redact(event.reason)}" for event in consequences(events, cause) if event.reason]
    subject = cause.logical_id
    return StageError(
        Stage.PROVISION,
        f"{subject} ({cause.type}) failed first; the stack is in {status}",
        subject=subject,
        lines=[reason or "no reason given", *others[:10]],
        hint=diagnose(subject, reason, path=path).remediation,
        left=left,
        path=path,
    )


def left_behind(calls: StackCalls, stack_id: str, status: str) -> str:
    """One sentence about what a failure leaves."""
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return "the stack is as it was before"
    if status == "UPDATE_ROLLBACK_FAILED":
        return "the rollback failed; the stack accepts no update until you continue its rollback"
    existing = [str(resource) for resource in calls.resources(stack_id) if resource.exists]
    if not existing:
        return "nothing; the next apply deletes the empty stack"
    return f"{', '.join(existing)} in the failed stack"
