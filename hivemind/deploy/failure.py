"""A stack's failure as a StageError: what failed first, where it comes from, what is left."""

from __future__ import annotations

import re
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
        hint=_own_name(calls, stack_id, reason) or diagnose(subject, reason, path=path).remediation,
        left=left,
        path=path,
    )


def _own_name(calls: StackCalls, stack_id: str, reason: str) -> str | None:
    """What to do about a name that is taken by this stack's own resource, which must not be removed."""
    if diagnose("", reason).root_cause != "name_taken":
        return None
    # By whole words: a short name can be a part of another one.
    words = set(re.findall(r"[\w.:/-]+", reason))
    taken = next((one for one in calls.resources(stack_id) if one.exists and one.physical_id in words), None)
    if taken is None:
        return None
    return f"{taken} of this deployment has this name: do not delete it. Undo the change that would replace it."


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
