"""The events of a run that holds a deployment, as they come: of one on this machine, and of one on another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.deploy import shared_journal
from hivemind.deploy.journal import last_attempt, read_journal
from hivemind.deploy.lease import is_free, read_holder
from hivemind.deploy.shared_lease import holder_of
from hivemind.values.calls import CloudCallFailed
from hivemind.values.poller import Pauses

if TYPE_CHECKING:
    from hivemind.deploy.lease import Holder
    from hivemind.deploy.shared_place import SharedPlace
    from hivemind.values.clock import Clock
    from hivemind.values.events import Event

LOOK = 0.3
"""Seconds between two looks into the journal of a run on this machine."""


def events_here(folder: Path, holder: Holder, clock: Clock) -> Iterator[Event]:
    """The events of the attempt of a holder, each once, as long as it holds the deployment. folder: of the
    deployment."""
    told, attempt = 0, None
    while True:
        now = read_holder(folder)
        over = now is None or now.nonce != holder.nonce or is_free(now, clock.now())
        attempt = attempt or _since(holder, last_attempt(folder))
        events = list(read_journal(folder, attempt=attempt)) if attempt else []
        yield from events[told:]
        told = len(events)
        if over:
            return
        clock.sleep(LOOK)


def events_there(place: SharedPlace, holder: Holder, clock: Clock, pace: float) -> Iterator[Event]:
    """The same of a run on another machine, some seconds later: as it leaves them in the deployment's place.

    pace: of the cloud. Raises CloudCallFailed; HiveMindError where a chosen place can't be used.
    """
    pauses = Pauses(pace)
    seen: set[str] = set()
    while True:
        try:
            now = holder_of(place)
            over = now is None or now.nonce != holder.nonce  # asked before the events: its last ones are there then
            fresh = list(_fresh(place, holder, seen))
        except CloudCallFailed as error:
            if not error.passing:
                raise
            pauses.throttled()
            clock.sleep(pauses.next())
            continue
        yield from fresh
        if over:
            return
        if fresh:
            pauses.moved()
        clock.sleep(pauses.next())


def _fresh(place: SharedPlace, holder: Holder, seen: set[str]) -> Iterator[Event]:
    """The events that have come since; `seen` grows by the objects that they are in."""
    names = place.objects.names(shared_journal.FOLDER)
    attempt = _since(holder, max((shared_journal.attempt_of(name) for name in names), default=None))
    mine = [name for name in names if shared_journal.attempt_of(name) == attempt and name not in seen]
    yield from shared_journal.events_in(place.objects, mine)
    seen.update(mine)


def _since(holder: Holder, attempt: str | None) -> str | None:
    """The attempt if a holder has begun it; None where it has begun none yet. Ids of attempts sort by time."""
    begun = holder.since[:19].replace("-", "").replace(":", "")
    return attempt if attempt and attempt[:15] >= begun else None
