"""Change sets: what an update would do, in CloudFormation's own words, held against the reviewed plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hivemind.deploy.calls import StackCalls
from hivemind.deploy.early_validation import Invalid, found_early
from hivemind.deploy.polling import Cancelled, Poll
from hivemind.plan.model import Action, Plan
from hivemind.template.fragment import Owner
from hivemind.template.resource_types import resource_type
from hivemind.text.redact import redact
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import Clock
from hivemind.values.errors import HiveMindError, PlanChanged, Stage, StageError

DEADLINE = 600.0
EMPTY: Mapping[str, Any] = MappingProxyType({})
_NOTHING = ("didn't contain changes", "no updates are to be performed", "no changes")


@dataclass(frozen=True)
class ResourceChange:
    """One change of a change set. action: `Add`, `Modify`, `Remove`, `Import`, `Dynamic`.
    replacement: `True`, `False`, `Conditional`, or empty. conditional: changed properties that would replace it
    under conditions; only those that the template itself changes, not those that may follow from another resource.
    causes: what brings it about, as `Vpc` or `Vpc.CidrBlock`. certain: whether the template itself changes something of
    it. before, after: values of changed properties, where CloudFormation tells them."""

    logical_id: str
    type: str
    action: str
    replacement: str
    conditional: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    certain: bool = True
    before: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    after: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class ChangeSet:
    id: str
    changes: tuple[ResourceChange, ...]


def prepare(
    calls: StackCalls,
    stack_id: str,
    name: str,
    arguments: Mapping[str, Any],
    *,
    owners: Mapping[str, Owner],
    clock: Clock,
    pace: float,
    cancelled: Cancelled,
    deadline: float = DEADLINE,
    values: bool = False,
) -> ChangeSet | None:
    """A change set ready to be executed; None where nothing would change. One that is not executed is not left behind.

    owners: of the assembly, to trace what CloudFormation refuses. deadline: seconds. values: whether with the values of
    changed properties. Raises StageError when it cannot make it.
    """
    try:
        change_set = calls.create_change_set(stack_id, name, **arguments)
    except CloudCallFailed as error:
        if _says_nothing(error.detail):
            return None
        raise
    try:
        poll = Poll(clock, pace=pace, deadline=deadline, cancelled=cancelled)
        return _ready(calls, change_set, owners, poll, values=values)
    except BaseException:
        # Nobody will execute it. What a killed run left goes with the next update: ExecuteChangeSet deletes all others.
        with suppress(HiveMindError):
            calls.delete_change_set(change_set)
        raise


def _ready(
    calls: StackCalls, change_set: str, owners: Mapping[str, Owner], poll: Poll, *, values: bool
) -> ChangeSet | None:
    for _ in poll.tries():
        try:
            answer = calls.change_set(change_set, values=values)
        except CloudCallFailed as error:
            poll.forgive(error)
            continue
        if answer["Status"] == "CREATE_COMPLETE":
            return ChangeSet(change_set, _changes(calls, change_set, answer, values=values))
        if answer["Status"] == "FAILED":
            reason = answer.get("StatusReason", "")
            if _says_nothing(reason):
                calls.delete_change_set(change_set)
                return None
            raise _refused(reason, found_early(calls, ChangeSetName=change_set), owners)
    raise StageError(Stage.PROVISION, "the change set was not ready in time", left="the stack is as it was before")


def _refused(reason: str, invalid: Sequence[Invalid], owners: Mapping[str, Owner]) -> StageError:
    """The error for a change set that CloudFormation could not make, with the blueprint's part that the first of what
    it found comes from."""
    first = next((one for one in invalid if one.logical_id in owners), None)
    return StageError(
        Stage.PROVISION,
        "CloudFormation refuses the change",
        subject=first.logical_id if first else None,
        lines=[redact(line) for line in (*map(str, invalid), reason)],
        left="the stack is as it was before",
        path=owners[first.logical_id].path if first else None,
    )


def _says_nothing(reason: str) -> bool:
    return any(words in reason.lower() for words in _NOTHING)


def _changes(
    calls: StackCalls, change_set: str, answer: Mapping[str, Any], *, values: bool
) -> tuple[ResourceChange, ...]:
    found: list[ResourceChange] = []
    while True:
        found += [_change(item["ResourceChange"]) for item in answer.get("Changes", ()) if "ResourceChange" in item]
        if not answer.get("NextToken"):
            return tuple(found)
        answer = calls.change_set(change_set, answer["NextToken"], values=values)


def _change(change: Mapping[str, Any]) -> ResourceChange:
    details: list[Mapping[str, Any]] = list(change.get("Details", ()))
    targets = [detail.get("Target", {}) for detail in details]
    named = [(str(target["Name"]), target) for target in targets if target.get("Name")]
    causes = {str(detail["CausingEntity"]) for detail in details if detail.get("CausingEntity")}
    return ResourceChange(
        change["LogicalResourceId"],
        change["ResourceType"],
        change["Action"],
        str(change.get("Replacement", "")),
        tuple(_conditional(details)),
        tuple(sorted(causes)),
        not details or any(detail.get("Evaluation") == "Static" for detail in details),
        MappingProxyType({name: target["BeforeValue"] for name, target in named if "BeforeValue" in target}),
        MappingProxyType({name: target["AfterValue"] for name, target in named if "AfterValue" in target}),
    )


def _conditional(details: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for detail in details:
        target = detail.get("Target", {})
        # Dynamic ones are mere possibilities: they follow from resources whose own change is looked at itself.
        if detail.get("Evaluation") == "Static" and target.get("RequiresRecreation") in {"Conditionally", "Always"}:
            yield str(target.get("Name", target.get("Attribute", "")))


def surprises(changes: Iterable[ResourceChange], plan: Plan) -> tuple[str, ...]:
    """What CloudFormation would replace or delete, or might replace, although the reviewed plan does not say so."""
    reviewed = {change.logical_id: change for change in plan.changes}
    found: list[str] = []
    for change in changes:
        known = reviewed.get(change.logical_id)
        action = known.action if known else None
        unseen = sorted(can_replace(change) - set(known.properties if known else ()))
        if change.action == "Remove" and action is not Action.DELETE:
            found.append(f"{change.logical_id} ({change.type}) would be deleted")
        elif change.action == "Modify" and change.replacement == "True" and action is not Action.REPLACE:
            found.append(f"{change.logical_id} ({change.type}) would be replaced")
        elif change.action == "Modify" and change.replacement == "Conditional" and unseen:
            found.append(f"{change.logical_id} ({change.type}) might be replaced because of {', '.join(unseen)}")
    return tuple(found)


def less_than_planned(changes: Iterable[ResourceChange], plan: Plan) -> tuple[str, ...]:
    """What CloudFormation does milder than the reviewed plan says, in words: it knows more of the resources than their
    schemas do. Nothing that the plan says not to happen is in it; that is in `surprises`."""
    answered = {change.logical_id: change for change in changes}
    found: list[str] = []
    for known in plan.changes:
        if known.answer:
            continue  # the plan says so already
        answer = answered.get(known.logical_id)
        if known.action is Action.REPLACE and answer is not None and answer.replacement == "False":
            found.append(f"{known.logical_id} is updated in place, not replaced as the plan says")
        elif known.action in (Action.UPDATE, Action.REPLACE) and answer is None:
            found.append(f"{known.logical_id} does not change, although the plan says so")
    return tuple(found)


def can_replace(change: ResourceChange) -> set[str]:
    """The conditional properties, without those of which the resource's schema knows that they never replace it
    (tags, which change with every revision)."""
    facts = resource_type(change.type)
    if facts is None:
        return set(change.conditional)
    can = {path.partition(".")[0] for path in (*facts.create_only, *facts.conditional)}
    return set(change.conditional) & can


def refuse_surprises(calls: StackCalls, change_set: ChangeSet, plan: Plan) -> None:
    """Raises PlanChanged, after deleting the change set, where it does more than was reviewed."""
    found = surprises(change_set.changes, plan)
    if not found:
        return
    calls.delete_change_set(change_set.id)
    raise PlanChanged(
        "CloudFormation would do more than the plan says: " + "; ".join(found),
        hint="Nothing was changed. Run `hivemind plan` again; then name what may be lost, or undo the change.",
    )
