"""What goes on in a deployment without this command: following it, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.deploy import shared_journal
from hivemind.deploy.calls import StackCalls, new_token
from hivemind.deploy.cancelling import cancel
from hivemind.deploy.journal import ATTEMPT, Journal, last_attempt, new_attempt
from hivemind.deploy.lease import is_free, ourselves, read_holder
from hivemind.deploy.shared_lease import holder_of
from hivemind.deploy.watch import Watcher
from hivemind.flow.approval import require_approval
from hivemind.flow.deployments import Known, require
from hivemind.flow.face import ProposedAbort
from hivemind.flow.following import events_here, events_there
from hivemind.flow.refreshing import place_of
from hivemind.steps.milestones import STACK
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import DeploymentNotFound, HiveMindError, Refused, Stage, StageError
from hivemind.values.events import Event, EventKind
from hivemind.values.stack_statuses import StackStatus, stack_status

if TYPE_CHECKING:
    from hivemind.deploy.calls import StackView
    from hivemind.deploy.events import StackEvent
    from hivemind.deploy.lease import Holder
    from hivemind.deploy.shared_place import SharedPlace
    from hivemind.flow.face import Face
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class Ending:
    """What became of what was under way. words: what ended, a sentence. status: of the stack now, where it was asked
    for."""

    deployment_id: str
    words: str
    status: str | None = None


def attach(asked: Asked, face: Face, *, clock: Clock = SYSTEM_CLOCK) -> Ending:
    """Follows what goes on in a deployment to its end: a run on this machine, or on another that leaves its journal in
    the deployment's place, by its journal, from its beginning; anything else by the stack.

    Raises DeploymentNotFound where nothing is deployed or nothing goes on, StageError for what ends badly.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    holder = read_holder(known.folder)
    if holder is not None and not is_free(holder, clock.now()):
        face.note(f"Following {holder}")
        return _followed_run(known, events_here(known.folder, holder, clock), face)
    cloud = known.cloud()
    place = place_of(known, cloud)
    there = _holder_there(place, face)
    if place is not None and there is not None:
        face.note(f"Following {there}. Its events come some seconds late.")
        return _followed_run(known, events_there(place, there, clock, cloud.pace), face)
    view = _moving(known, cloud, None)
    _follow(known, cloud, view, None, face=face, clock=clock)
    status, reason = _now(cloud, view)
    if status.is_failure:
        raise _bad(Stage.PROVISION, view, status, reason)
    words = f"CloudFormation is done: {status.meaning} `hivemind apply` does the rest."
    return Ending(known.state.deployment_id, words, status.name)


def abort(asked: Asked, face: Face, *, clock: Clock = SYSTEM_CLOCK) -> Ending:
    """Takes back what CloudFormation is doing in a deployment's stack, whoever began it, once the face agrees, and
    follows that to its end. A run that watches the stack ends as failed.

    Raises DeploymentNotFound where nothing goes on, Refused for what cannot be taken back, StageError (rollback) where
    it does not go back.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    cloud = known.cloud()
    place = place_of(known, cloud)
    holder = read_holder(known.folder)
    if holder is None or is_free(holder, clock.now()):
        holder = _holder_there(place, face)
    view = _moving(known, cloud, holder)
    require_approval(face.approve(ProposedAbort(known.state.deployment_id, view.name, view.status)))
    token = new_token()
    words = cancel(StackCalls(cloud), view, token)
    _write_down(known, words, place, face, clock)
    face.note(words)
    _follow(known, cloud, view, token, face=face, clock=clock)
    status, reason = _now(cloud, view)
    if status.name.endswith("_FAILED"):
        raise _bad(Stage.ROLLBACK, view, status, reason)
    return Ending(known.state.deployment_id, f"Canceled: {status.meaning}", status.name)


def _holder_there(place: SharedPlace | None, face: Face) -> Holder | None:
    """The run on another machine that holds the deployment, as its place says. Where the deployment's own bucket can't
    be read, that is said, and the stack tells what it can."""
    try:
        return holder_of(place) if place is not None else None
    except CloudCallFailed as error:
        face.note(f"warning: cannot see runs on other machines in {place}: {error.message}")
        return None


def _moving(known: Known, cloud: Cloud, holder: Holder | None) -> StackView:
    """The stack, which moves. Raises Refused where a run holds the deployment, and does something else now."""
    view = StackCalls(cloud).describe(known.stack)
    if view is None or not view.moving:
        if holder is not None:
            raise Refused(
                f"{holder} is not changing the stack now: there is nothing that CloudFormation could take back",
                hint=f"Press Ctrl-C in that run (on {holder.host}: kill -INT {holder.pid}). If nobody can, take the "
                "deployment from it: hivemind lock release --reason TEXT. It ends before its next change.",
            )
        now = f"Its stack is in {view.status}." if view else "It has no stack."
        raise DeploymentNotFound(f"Nothing is under way in {known.state.deployment_id}. {now}")
    return view


def _now(cloud: Cloud, view: StackView) -> tuple[StackStatus, str]:
    """The status that a stack has come to, and its reason."""
    after = StackCalls(cloud).describe(view.id)
    return (stack_status(after.status), after.reason) if after else (stack_status("DELETE_COMPLETE"), "")


def _bad(stage: Stage, view: StackView, status: StackStatus, reason: str) -> StageError:
    return StageError(
        stage,
        f"the stack {view.name} ended in {status.name}",
        lines=[status.meaning, *([reason] if reason else [])],
        hint="`hivemind plan` shows what the next apply does about it.",
    )


def _followed_run(known: Known, events: Iterable[Event], face: Face) -> Ending:
    """Tells the events of a run until it ends, or dies."""
    failed: Event | None = None
    for event in events:
        face.progress(event)
        if event.kind is EventKind.FAILED and event.step != ATTEMPT and "failure" not in event.data:
            failed = failed or event
        if event.step == ATTEMPT and event.kind is EventKind.FAILED:
            stage = Stage(failed.stage) if failed else Stage.PROVISION
            raise StageError(stage, event.message, hint="`hivemind status` shows the cause.")
        if event.step == ATTEMPT and event.kind is EventKind.FINISHED:
            return Ending(known.state.deployment_id, f"{event.message}.")
    return Ending(known.state.deployment_id, "The run ended before it was done. `hivemind apply` goes on from there.")


def _follow(known: Known, cloud: Cloud, view: StackView, token: str | None, *, face: Face, clock: Clock) -> None:
    """Follows a stack until it rests. token: of the operation; None for whatever goes on, from its beginning."""
    tell = _teller(known, face, clock)
    tell(EventKind.STARTED, f"{view.name} is in {view.status}", {})
    done: set[str] = set()

    def on_event(event: StackEvent) -> None:
        if event.status.endswith("_COMPLETE") and not event.is_stack:
            done.add(event.logical_id)
        data = {"logical_id": event.logical_id, "type": event.type, "status": event.status, "reason": event.reason}
        tell(EventKind.PROGRESS, f"{len(done)} resources", data)

    calls = StackCalls(cloud)
    watcher = Watcher(calls, clock, cloud.pace, on_event, lambda *_: None)
    newest = calls.newest_event(view.id)
    own = token if token is not None else newest.token if newest else None
    earlier = {event.id for event in calls.events(view.id, set()) if event.token != own} if token is None else set()
    watched = watcher.follow(view.id, own, earlier)
    failed = stack_status(watched.status).is_failure
    tell(EventKind.FAILED if failed and token is None else EventKind.FINISHED, watched.status, {})


def _teller(known: Known, face: Face, clock: Clock) -> Callable[[EventKind, str, dict[str, str]], None]:
    """Tells a face what happens to the stack, as a run would."""

    def tell(kind: EventKind, message: str, data: dict[str, str]) -> None:
        time = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        face.progress(Event(time, known.state.deployment_id, "", Stage.PROVISION.value, STACK, kind, message, data))

    return tell


def _write_down(known: Known, words: str, place: SharedPlace | None, face: Face, clock: Clock) -> None:
    """Who canceled, in the journal, with what the run had done; a run on another machine finds it, too."""
    who = ourselves("hivemind abort", 0.0, clock)
    _share(known, place, face)
    attempt = last_attempt(known.folder) or new_attempt(clock)
    with Journal(known.folder, known.state.deployment_id, attempt, clock=clock) as journal:
        journal.record(Stage.PROVISION.value, STACK, EventKind.NOTE, f"{words} By {who.user} on {who.host}.")
    _share(known, place, face)


def _share(known: Known, place: SharedPlace | None, face: Face) -> None:
    try:
        shared_journal.bring(known.folder, place, say=face.note)
    except HiveMindError as error:
        face.note(f"warning: {error.message}")
