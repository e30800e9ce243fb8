"""What CloudFormation would do, merged into a plan before anybody approves it.

A plan is made from schemas of resource types. CloudFormation knows more, and is asked by a change set that is deleted
again. Where it says something else, its word counts, and the plan says that it is CloudFormation's.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from hivemind.deploy import changeset
from hivemind.deploy.calls import StackCalls
from hivemind.deploy.changeset import ResourceChange, can_replace
from hivemind.deploy.polling import Cancelled, never
from hivemind.plan.digest import with_digest
from hivemind.plan.holdings import holds_data
from hivemind.plan.model import Action, Change, Plan
from hivemind.template.fragment import Owner
from hivemind.template.resource_types import INSTANCE
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import Clock

BEGINS = "hivemind-asked-"
"""What the names of change sets begin with that are made to be read alone."""
LEFT = timedelta(hours=1)
"""After this time, nobody reads such a change set any more."""
DEADLINE = 120.0
"""Seconds that CloudFormation gets to say what it would do."""


def asked(
    calls: StackCalls,
    stack_id: str,
    arguments: Mapping[str, Any],
    *,
    owners: Mapping[str, Owner],
    clock: Clock,
    pace: float,
    cancelled: Cancelled = never,
) -> tuple[ResourceChange, ...]:
    """What CloudFormation would change, and nothing of it is done: the change set is deleted, and so are those that
    killed runs left.

    arguments: of CreateChangeSet, template and parameters. Raises StageError where CloudFormation refuses the change,
    CloudCallFailed where it may not be asked.
    """
    name = f"{BEGINS}{secrets.token_hex(12)}"
    _remove_left(calls, stack_id, clock)
    prepared = changeset.prepare(
        calls,
        stack_id,
        name,
        arguments,
        owners=owners,
        clock=clock,
        pace=pace,
        cancelled=cancelled,
        deadline=DEADLINE,
        values=True,
    )
    if prepared is None:
        return ()
    calls.delete_change_set(prepared.id)
    return prepared.changes


def _remove_left(calls: StackCalls, stack_id: str, clock: Clock) -> None:
    """Deletes what a run that was killed while it asked has left; one that asks just now is let be."""
    with suppress(CloudCallFailed):
        for found in calls.change_sets(stack_id):
            made = found.get("CreationTime")
            if str(found["ChangeSetName"]).startswith(BEGINS) and made is not None and clock.now() - made > LEFT:
                calls.delete_change_set(found["ChangeSetId"])


def merged(
    plan: Plan, answers: Iterable[ResourceChange], template: Mapping[str, Any], owners: Mapping[str, Owner]
) -> Plan:
    """The plan with what CloudFormation says to it. Pure.

    answers: all of a change set for what the plan says. template: as deployed. owners: of resources, by logical id.
    """
    known = {change.logical_id for change in plan.changes}
    by_id = {answer.logical_id: answer for answer in answers}
    resources: Mapping[str, Any] = template.get("Resources") or {}
    changes = [_answered(change, by_id.get(change.logical_id), resources) for change in plan.changes]
    unseen = (_unseen(answer, resources, owners) for name, answer in by_id.items() if name not in known)
    changes += filter(None, unseen)
    if changes == list(plan.changes):
        return plan
    changes.sort(key=lambda change: (change.logical_id, change.action.value))
    return with_digest(replace(plan, changes=tuple(changes), unanswered=plan.own_digest))


def _answered(change: Change, answer: ResourceChange | None, resources: Mapping[str, Any]) -> Change:
    """A change that the plan has, as CloudFormation says it."""
    if answer is None:
        changed = change.action in (Action.UPDATE, Action.REPLACE)
        return replace(change, answer="nothing of it changes") if changed else change
    if answer.action == "Remove" and change.action is not Action.DELETE:
        return _deleted(change, resources)
    return _modified(change, answer, resources) if answer.action == "Modify" else change


def _modified(change: Change, answer: ResourceChange, resources: Mapping[str, Any]) -> Change:
    if answer.replacement == "True" and change.action is Action.UPDATE:
        return _replaced(change, answer, resources)
    if answer.replacement == "False" and change.action is Action.REPLACE:
        milder = replace(change, answer="it is updated in place, not replaced")
        # An instance is taken out of service as carefully as one that is replaced.
        return milder if change.type == INSTANCE else replace(milder, action=Action.UPDATE, replacing=(), policy=None)
    more = can_replace(answer) - {*change.properties, *change.may_replace}
    if answer.replacement == "Conditional" and change.action is Action.UPDATE and more:
        return _might(change, more)
    return change


def _unseen(answer: ResourceChange, resources: Mapping[str, Any], owners: Mapping[str, Owner]) -> Change | None:
    """A change that the plan does not have. None for what may only follow from others, and is no loss: the plan has
    looked at what follows."""
    definition: Mapping[str, Any] = resources.get(answer.logical_id, {})
    owner = owners.get(answer.logical_id) or Owner("hivemind", "")
    change = Change(
        answer.logical_id,
        answer.type,
        Action.UPDATE,
        owner.plugin,
        owner.path,
        properties=tuple(sorted({*answer.before, *answer.after})),
        holds_data=holds_data(answer.logical_id, answer.type, definition),
        before=MappingProxyType(dict(answer.before)),
        after=MappingProxyType(dict(answer.after)),
        because=tuple(sorted({cause.partition(".")[0] for cause in answer.causes})),
    )
    if answer.action == "Remove":
        return _deleted(change, resources)
    if answer.action != "Modify":
        return None
    if answer.replacement == "True":
        return _replaced(change, answer, resources)
    if answer.replacement == "Conditional" and (names := can_replace(answer)):
        return _might(change, names)
    return replace(change, answer="it is updated") if answer.certain and change.properties else None


def _deleted(change: Change, resources: Mapping[str, Any]) -> Change:
    policy = str(resources.get(change.logical_id, {}).get("DeletionPolicy") or "Delete")
    return replace(change, action=Action.DELETE, policy=policy, answer="it is deleted")


def _replaced(change: Change, answer: ResourceChange, resources: Mapping[str, Any]) -> Change:
    policy = str(resources.get(change.logical_id, {}).get("UpdateReplacePolicy") or "Delete")
    because = f", because of {', '.join(answer.causes)}" if answer.causes else ""
    return replace(change, action=Action.REPLACE, policy=policy, answer=f"it is replaced{because}")


def _might(change: Change, names: Iterable[str]) -> Change:
    may = tuple(sorted({*change.may_replace, *names}))
    return replace(change, may_replace=may, answer=f"it may be replaced because of {', '.join(sorted(names))}")
