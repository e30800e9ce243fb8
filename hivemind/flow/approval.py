"""What may be carried out: a plan that says what was reviewed, loses no data unasked, and that somebody agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.deploy.journal import is_interrupted, last_attempt, read_journal
from hivemind.flow.face import ProposedStep
from hivemind.plan.going_on import is_rest_of, worse_than
from hivemind.steps import milestones
from hivemind.values.errors import Interrupted, PlanChanged, Refused, Stage
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.flow.face import Decision, Face
    from hivemind.flow.run import Run
    from hivemind.plan.model import Plan
    from hivemind.steps.graph import Approve
    from hivemind.steps.step import Step


def require_approval(decision: Decision) -> None:
    """Raises Refused for a decision against it."""
    if not decision.agreed:
        raise Refused(decision.reason, hint=decision.hint)


def approves(face: Face, deployment_id: str) -> Approve:
    """What asks a face for the approval that a step of a run waits for."""

    def approve(step: Step) -> Refused | None:
        proposed = ProposedStep(deployment_id, step.name, step.approval)
        decision = face.approve(proposed)
        if decision.agreed and decision.digest in (None, proposed.digest):
            return None
        why = "what was agreed to is another proposal" if decision.agreed else decision.reason
        left = "Later steps did not run. `hivemind status` shows what is deployed."
        return Refused(
            f"{step.name} was not approved" + (f": {why[0].lower()}{why[1:].rstrip('.')}" if why else ""),
            hint=f"{decision.hint} {left}" if decision.hint else left,
        )

    return approve


def refuse_unreviewed(run: Run, reviewed: Plan) -> None:
    """Raises PlanChanged where a run's plan is not the saved one.

    CloudFormation may have been asked about one of the two alone, or answer milder now; what it says to be worse than
    was reviewed is refused. A run of the saved plan that did not end well has changed the deployment: what is left to
    do of it may be done, and no more.
    """
    if reviewed.digest == run.plan.digest:
        return
    if reviewed.own_digest == run.plan.own_digest:
        worse = worse_than(run.plan, reviewed)
        if not worse:
            return
        raise PlanChanged(
            f"CloudFormation would do more than was reviewed: {'; '.join(worse)}",
            hint="Review a new plan: `hivemind plan --out FILE`",
        )
    if not (is_interrupted(run.folder, reviewed.own_digest) and is_rest_of(run.plan, reviewed)):
        raise _changed(run, reviewed.digest)


def refuse_changed(run: Run, agreed: str) -> None:
    """Raises PlanChanged where a run's plan is not the one that was agreed to. agreed: that one's digest."""
    if agreed != run.plan.digest:
        raise _changed(run, agreed)


def _changed(run: Run, reviewed: str) -> PlanChanged:
    return PlanChanged(
        f"the plan changed since its review: its digest is {run.plan.digest[:12]}, reviewed was {reviewed[:12]}",
        hint="Review a new plan: `hivemind plan --out FILE`",
    )


def refuse_dirty(run: Run, require_clean: bool) -> None:
    """Raises Refused for what is not committed, where only that may be released."""
    dirty = [name for name, source in run.sources.items() if source.provenance.dirty]
    if require_clean and dirty:
        raise Refused(
            f"the work tree has uncommitted changes or is not a git repository ({', '.join(dirty)})",
            hint="Commit the changes, or pass --allow-dirty.",
        )


def refuse_loss(run: Run) -> None:
    """Raises Refused for a plan that loses data which nobody named."""
    unnamed = [change for change in run.plan.losing_data if change.logical_id not in run.apply.may_lose]
    if unnamed:
        named = ", ".join(f"{change.logical_id} ({change.type}, {change.action.value})" for change in unnamed)
        flags = " ".join(f"--lose {change.logical_id}" for change in unnamed)
        raise Refused(f"this plan would lose or leave behind data: {named}", hint=f"To allow it, pass {flags}")


def _going_on(run: Run) -> str:
    """What an instance may be doing still: nobody ends a release command in the middle of a migration."""
    begun = [
        service.name
        for service, _ in run.apply.releasing()
        if service.release and _has_begun(run, milestones.release(service.name))
    ]
    if not begun:
        return ""
    return (
        f" A release command of {', '.join(begun)} that has begun goes on on its instance. "
        "The next apply waits for it and says how to end it."
    )


def _has_begun(run: Run, step: str) -> bool:
    attempt = last_attempt(run.folder)
    kinds = [event.kind for event in read_journal(run.folder, attempt=attempt) if event.step == step] if attempt else []
    return EventKind.STARTED in kinds and EventKind.FINISHED not in kinds


def _stack_moves(run: Run) -> bool:
    """Whether CloudFormation has begun to change the stack in this attempt, and was not done when it was last heard."""
    attempt = last_attempt(run.folder)
    events = list(read_journal(run.folder, attempt=attempt)) if attempt else []
    begun = {event.step for event in events if event.stage == Stage.PROVISION and "logical_id" in event.data}
    return bool(begun - {event.step for event in events if event.kind is EventKind.FINISHED})


def interrupted(run: Run) -> Interrupted:
    """What an interrupted apply says of itself."""
    watched = (
        f" CloudFormation continues with the stack {run.checked.blueprint.stack_name}. Follow it: hivemind attach. "
        "Take it back: hivemind abort."
    )
    return Interrupted(
        f"\nInterrupted.{watched if _stack_moves(run) else ''}{_going_on(run)}\n"
        "`hivemind apply` continues where this run stopped. `hivemind events` shows what it did."
    )
