"""A stack's failure as a StageError: what failed first, where it comes from, what is left."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hivemind.deploy.calls import StackCalls, StackView
from hivemind.deploy.diagnosis import consequences, diagnose, first_failure
from hivemind.deploy.events import StackEvent
from hivemind.template.fragment import Owner
from hivemind.text.redact import redact
from hivemind.values.errors import Stage, StageError

_STUCK = "UPDATE_ROLLBACK_FAILED"


def stack_failure(
    calls: StackCalls, stack_id: str, status: str, events: Sequence[StackEvent], owners: Mapping[str, Owner]
) -> StageError:
    """The error for a stack that came to rest in a bad status. owners: logical id -> Owner, of the assembly."""
    view = calls.describe(stack_id) if status == _STUCK else None
    stopped = _not_back(calls, stack_id, status, view.reason if view else "")
    left = left_behind(calls, stack_id, status, stopped)
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
        hint=_way_on(calls, stack_id, status, stopped)
        or _own_name(calls, stack_id, reason)
        or diagnose(subject, reason, path=path).remediation,
        left=left,
        path=path,
    )


def stuck(calls: StackCalls, stack: StackView) -> StageError:
    """The error for a stack that accepts no update: after a rollback that failed."""
    stopped = _not_back(calls, stack.id, stack.status, stack.reason)
    return StageError(
        Stage.PROVISION,
        f"the stack {stack.name} is in {stack.status} and accepts no update",
        lines=[stack.reason] if stack.reason else [],
        hint=_way_on(calls, stack.id, stack.status, stopped) or "`hivemind events` shows what happened.",
        left=left_behind(calls, stack.id, stack.status, stopped),
    )


def _not_back(calls: StackCalls, stack_id: str, status: str, reason: str) -> list[str]:
    """Logical ids of what a rollback could not take back. reason: of the stack's status, which names them."""
    if status != _STUCK:
        return []
    named = re.search(r"failed to update: \[([\w, ]+)\]", reason)
    told = [name.strip() for name in named[1].split(",")] if named else []
    return told or [one.logical_id for one in calls.resources(stack_id) if one.status == "UPDATE_FAILED"]


def _way_on(calls: StackCalls, stack_id: str, status: str, failed: Sequence[str]) -> str | None:
    """How a rollback that failed is continued: without what could not go back, which would only fail once more.

    Source: AWS CloudFormation User Guide, "Continue rolling back an update".
    """
    if status != _STUCK:
        return None
    name = stack_id.split("/")[1] if stack_id.startswith("arn:") else stack_id
    command = f"aws cloudformation continue-update-rollback --stack-name {name} --region {calls.region}"
    if failed:
        command += f" --resources-to-skip {' '.join(failed)}"
    first = 'eval "$(hivemind local env)"\n' if calls.is_local else ""
    kept = "stays as it is" if len(failed) == 1 else "stay as they are"
    skipped = f"{', '.join(failed)} then {kept}: make hivemind.yaml say so. " if failed else ""
    return f"Continue the rollback:\n{first}{command}\n{skipped}When it has ended, apply again."


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


def left_behind(calls: StackCalls, stack_id: str, status: str, not_back: Sequence[str] = ()) -> str:
    """One sentence about what a failure leaves. not_back: logical ids of what a rollback could not take back."""
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return "the stack is as it was before"
    if status == _STUCK:
        which = f": {', '.join(not_back)} could not go back" if not_back else ""
        return f"the stack is in UPDATE_ROLLBACK_FAILED{which}. It accepts no update until you continue its rollback"
    existing = [str(resource) for resource in calls.resources(stack_id) if resource.exists]
    if not existing:
        return "nothing; the next apply deletes the empty stack"
    return f"{', '.join(existing)} in the failed stack"
