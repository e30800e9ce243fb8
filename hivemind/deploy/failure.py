"""A stack's failure as a StageError: what failed first, where it comes from, what is left."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from hivemind.deploy.calls import StackCalls, StackView
from hivemind.deploy.diagnosis import consequences, diagnose, first_failure
from hivemind.deploy.events import StackEvent
from hivemind.template.fragment import Owner
from hivemind.template.resource_types import CACHE, DATABASE
from hivemind.text.redact import redact
from hivemind.values.errors import Stage, StageError
from hivemind.values.stack_statuses import Rest, is_ready, rest_of, stack_status

SKIP = "--skip-rollback"
"""The option of apply that names what a rollback leaves as it is."""
_NAMED = re.compile(r"failed to (?:update|delete): \[([\w, ]+)\]")
_CANCELED = "cancelled"


def stack_failure(
    calls: StackCalls, stack_id: str, status: str, events: Sequence[StackEvent], owners: Mapping[str, Owner]
) -> StageError:
    """The error for a stack that came to rest in a bad status. owners: logical id -> Owner, of the assembly."""
    stopped: tuple[str, ...] = ()
    if rest_of(status) is Rest.ROLLBACK_FAILED:
        view = calls.describe(stack_id)
        stopped = not_back(calls, stack_id, view.reason if view else "")
    made = {event.logical_id for event in events if event.status == "CREATE_COMPLETE"}
    left = left_behind(calls, stack_id, status, stopped, made)
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
        hint=_way_on(status, stopped)
        or _own_name(calls, stack_id, reason)
        or diagnose(subject, reason, path=path).remediation,
        left=left,
        path=path,
    )


def closed(calls: StackCalls, stack: StackView) -> StageError:
    """The error for a stack in a status that HiveMind must leave to others."""
    known = stack_status(stack.status)
    return StageError(
        Stage.PROVISION,
        f"the stack {stack.name} is in {stack.status} and accepts no update",
        lines=[known.meaning, *([stack.reason] if stack.reason else [])],
        hint=f"{known.apply.removeprefix('Refuses. ')} `hivemind events` shows what happened.",
        left=left_behind(calls, stack.id, stack.status),
    )


def not_back(calls: StackCalls, stack_id: str, reason: str) -> tuple[str, ...]:
    """Logical ids of what a rollback could not take back: the fewest that it must skip to come to its end, so without
    those that were only canceled when another one failed. reason: of the stack's status, which names them.

    Source: API reference, ContinueUpdateRollback: what was canceled cannot be skipped.
    """
    resources = {one.logical_id: one for one in calls.resources(stack_id)}
    named = [name.strip() for part in _NAMED.findall(reason) for name in part.split(",")]
    failed = named or [name for name, one in resources.items() if one.status == "UPDATE_FAILED"]
    canceled = {name for name, one in resources.items() if _CANCELED in one.reason.lower()}
    return tuple(name for name in failed if name not in canceled) or tuple(failed)


def _way_on(status: str, failed: Sequence[str]) -> str | None:
    """How a rollback that failed is continued. Source: AWS CloudFormation User Guide, "Continue rolling back an
    update"."""
    if rest_of(status) is not Rest.ROLLBACK_FAILED:
        return None
    again = (
        "Remove what the reason names, then run `hivemind apply`: it continues the rollback, then updates the stack."
    )
    if not failed:
        return again
    one = len(failed) == 1
    flags = " ".join(f"{SKIP} {name}" for name in failed)
    kept = "stays as it is" if one else "stay as they are"
    return (
        f"{again} If {'it' if one else 'they'} cannot go back at all: hivemind apply {flags}. "
        f"{', '.join(failed)} then {kept}; make hivemind.yaml say so."
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


def left_behind(
    calls: StackCalls, stack_id: str, status: str, not_back: Sequence[str] = (), made: Collection[str] = ()
) -> str:
    """What a failure leaves, in a sentence or two. not_back: logical ids of what a rollback could not take back. made:
    of what was created before it."""
    if rest_of(status) is Rest.ROLLBACK_FAILED:
        which = f": {', '.join(not_back)} could not go back" if not_back else ""
        return f"the stack is in UPDATE_ROLLBACK_FAILED{which}. The next apply continues the rollback"
    if stack_status(status).rest is Rest.GONE:
        return "nothing; the stack is deleted"
    if is_ready(status):
        return "the stack is as it was before" if stack_status(status).is_failure else "the stack is complete"
    resources = calls.resources(stack_id)
    existing = [str(resource) for resource in resources if resource.exists]
    said = (
        f"{', '.join(existing)} in the failed stack" if existing else "nothing; the next apply deletes the empty stack"
    )
    # They have the policy Snapshot, for which CloudFormation has no exception where a creation is rolled back.
    gone = [
        one.logical_id
        for one in resources
        if one.type in (DATABASE, CACHE) and not one.exists and one.logical_id in made
    ]
    if not gone:
        return said
    return (
        f"{said}. {', '.join(gone)}, created and deleted again, may have left a final snapshot, which is billed by GB"
    )
