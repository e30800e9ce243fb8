"""Who holds a deployment, and taking that from a run that will not give it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.deploy import shared_lease
from hivemind.deploy.journal import ATTEMPT, Journal, last_attempt, new_attempt
from hivemind.deploy.lease import break_lease, is_free, ourselves, read_holder
from hivemind.flow.approval import require_approval
from hivemind.flow.deployments import require
from hivemind.flow.face import ProposedUnlock
from hivemind.flow.refreshing import place_of
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import CloudUnreachable
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.deploy.lease import Holder
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import Face
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class Locks:
    """Who holds a deployment. here: a run on this machine. there: a run on any machine, as the deployment's place for
    all says; that of `here` too. None: nobody, or one whose lock has expired. unknown: why nobody could be asked about
    other machines."""

    deployment_id: str
    here: Holder | None
    there: Holder | None
    unknown: str | None = None

    @property
    def holder(self) -> Holder | None:
        return self.here or self.there


def lock(asked: Asked, *, clock: Clock = SYSTEM_CLOCK) -> Locks:
    """Who holds a deployment now. Raises DeploymentNotFound."""
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    try:
        return _locks(known, known.cloud(), clock)
    except CloudUnreachable as error:
        return Locks(known.state.deployment_id, _here(known, clock), None, error.message)


def unlock(asked: Asked, face: Face, reason: str, *, clock: Clock = SYSTEM_CLOCK) -> Locks:
    """Takes a deployment from whoever holds it, once the face agrees, and writes down who did so and why. A run that
    goes on all the same ends before its next effect. Returns who held it.

    Raises DeploymentNotFound, CloudUnreachable, Refused.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    cloud = known.cloud()
    locks = _locks(known, cloud, clock)
    if locks.holder is None:
        return locks
    require_approval(face.approve(ProposedUnlock(locks.deployment_id, str(locks.holder), locks.holder.nonce)))
    who = ourselves("hivemind lock release", 0.0, clock)
    with Journal(
        known.folder, locks.deployment_id, last_attempt(known.folder) or new_attempt(clock), clock=clock
    ) as journal:
        message = f"lock of {locks.holder} released by {who.user} on {who.host}: {reason}"
        # Of the attempt, but not of its step: that would no longer be at its end.
        journal.record(ATTEMPT, "lock", EventKind.NOTE, message)
    if locks.here is not None:
        break_lease(known.folder, locks.here)
    place = place_of(known, cloud)
    if locks.there is not None and place is not None:
        shared_lease.break_shared(place, locks.there)
    return locks


def _locks(known: Known, cloud: Cloud, clock: Clock) -> Locks:
    place = place_of(known, cloud)
    there = shared_lease.holder_of(place) if place else None
    return Locks(known.state.deployment_id, _here(known, clock), there)


def _here(known: Known, clock: Clock) -> Holder | None:
    holder = read_holder(known.folder)
    return None if holder is None or is_free(holder, clock.now()) else holder
