"""Watching a stack until it rests: every event of one attempt, in order, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from hivemind.deploy.calls import StackCalls
from hivemind.deploy.events import StackEvent
from hivemind.deploy.polling import Cancelled, Poll, never
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import Clock
from hivemind.values.errors import Stage, StageError
from hivemind.values.stack_statuses import is_moving

OnEvent = Callable[[StackEvent], None]
Ready = Callable[[str, str, str], None]
QUIET_POLLS = 5
"""Polls without news after which the stack itself is asked."""
DEADLINE = 2 * 3600.0
"""Seconds that a stack may take: a Multi-AZ database in a bad hour and room beside."""


@dataclass(frozen=True)
class Watched:
    """What an attempt came to. status: the stack's at rest. events: the attempt's, oldest first."""

    status: str
    events: tuple[StackEvent, ...]

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds per logical id, from its first event to its last good one."""
        begun: dict[str, datetime] = {}
        taken: dict[str, float] = {}
        for event in self.events:
            if event.is_stack:
                continue
            begun.setdefault(event.logical_id, event.time)
            if event.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                taken[event.logical_id] = (event.time - begun[event.logical_id]).total_seconds()
        return taken


@dataclass(frozen=True)
class Watcher:
    """Follows stacks of one cloud. on_event: told each event. ready: told (logical id, physical id, type) of
    each resource as soon as it stands. also: tokens of operations that took back the followed one; may grow."""

    calls: StackCalls
    clock: Clock
    pace: float
    on_event: OnEvent
    ready: Ready
    cancelled: Cancelled = never
    deadline: float = DEADLINE
    also: Collection[str] = ()

    def follow(self, stack_id: str, token: str | None, seen: set[str]) -> Watched:
        """Follows a stack until it rests.

        token: of the operation, None for any. seen: ids of events that are not news; grows.
        Raises StageError at the deadline, StepCancelled when the run is being ended.
        """
        events: list[StackEvent] = []
        poll = Poll(self.clock, pace=self.pace, deadline=self.deadline, cancelled=self.cancelled)
        quiet = 0
        for _ in poll.tries():
            try:
                fresh = self._fresh(stack_id, token, seen, events)
                quiet = 0 if fresh else quiet + 1
                if fresh:
                    poll.moved()
                if _may_rest(fresh) or (events and quiet >= QUIET_POLLS) or quiet >= 4 * QUIET_POLLS:
                    quiet = 0
                    status = self.calls.status(stack_id)
                    if not is_moving(status):
                        # Events that came between the two calls.
                        self._fresh(stack_id, token, seen, events)
                        return Watched(status, tuple(events))
            except CloudCallFailed as error:
                poll.forgive(error)
        raise StageError(
            Stage.PROVISION,
            f"the stack did not finish within {self.deadline / 60:.0f} minutes; CloudFormation continues with it",
            hint="Run `hivemind apply` again: it continues from there.",
            left="the stack is still changing",
        )

    def _fresh(self, stack_id: str, token: str | None, seen: set[str], events: list[StackEvent]) -> list[StackEvent]:
        """News of this operation, told and added to `events`."""
        fresh = self.calls.events(stack_id, seen)
        seen.update(event.id for event in fresh)
        ours = [event for event in fresh if token is None or event.token in (None, token, *self.also)]
        going_back = any(event.is_stack and "ROLLBACK" in event.status for event in events)
        for event in ours:
            events.append(event)
            self.on_event(event)
            going_back = going_back or (event.is_stack and "ROLLBACK" in event.status)
            # What completes while the stack goes back is as it was before, or about to be deleted.
            if not going_back and not event.is_stack and event.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                self.ready(event.logical_id, event.physical_id, event.type)
        return ours


def _may_rest(events: list[StackEvent]) -> bool:
    return any(event.is_stack and not is_moving(event.status) for event in events)
