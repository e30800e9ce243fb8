"""The lease between machines: an object in the deployment's shared place, written under the place's conditions.

`deploy/lease.py` holds a deployment against other runs on this machine; this holds it against other machines. It is
taken where there is none, renewed in place of what was written last, and free when it was not renewed within its TTL by
the place's own clock. Before a first apply to AWS that has no place but the bucket it makes, the stack's name is the
lock: it can be created once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace

from hivemind.deploy.lease import TTL, Holder, ourselves
from hivemind.deploy.object_bucket import NO_BUCKET
from hivemind.deploy.objects import Objects, Overtaken
from hivemind.deploy.shared_place import SharedPlace, reaching
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls
from hivemind.values.errors import CloudUnreachable, DeploymentLocked

KEY = "lease.json"


class SharedLease:
    """A held lease in a place. `lost` is set when another machine took over, or nobody could renew it in time."""

    def __init__(self, objects: Objects, holder: Holder, tag: str, clock: Clock) -> None:
        self._objects = objects
        self._holder = holder
        self._tag = tag
        self._clock = clock
        self._renewed = clock.monotonic()
        self._ended = threading.Event()
        self.lost = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="shared-lease", daemon=True)
        self._heart.start()

    def check(self) -> None:
        """Raises DeploymentLocked when the lease is no longer ours."""
        if self.lost.is_set():
            raise DeploymentLocked("another machine took over this deployment while this run did not respond")

    def renew(self) -> bool:
        """Writes a new heartbeat; False, and `lost` set, when the lease is no longer ours."""
        holder = replace(self._holder, renewed=self._clock.now().isoformat(timespec="milliseconds"))
        try:
            self._tag = self._objects.write(KEY, _text(holder), replacing=self._tag)
        except Overtaken:
            self.lost.set()
            return False
        except CloudCallFailed as error:
            if error.code != NO_BUCKET:
                raise
            self.lost.set()  # it went with the stack
            return False
        self._renewed = self._clock.monotonic()
        return True

    def release(self) -> None:
        """Ends the lease; harmless when it has ended already."""
        self._ended.set()
        self._heart.join(timeout=5)
        if not self.lost.is_set():
            with suppress(CloudCallFailed, CloudUnreachable, OSError, Overtaken):  # it ends by itself
                self._objects.remove(KEY, self._tag)

    def _beat(self) -> None:
        while not self._ended.wait(max(1.0, self._holder.ttl / 4)):
            try:
                if not self.renew():
                    return
            except (CloudCallFailed, CloudUnreachable, OSError):
                if self._clock.monotonic() - self._renewed > self._holder.ttl:
                    self.lost.set()
                    return


@contextmanager
def shared(
    place: SharedPlace | None,
    *,
    command: str,
    wait: float = 0.0,
    on_wait: Callable[[Holder], None] = lambda _: None,
    ttl: float = TTL,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Callable[[], None]]:
    """Holds a deployment against other machines; yields what raises when it is lost.

    place: None where there is none (yet), and nothing is held. wait, ttl: seconds. on_wait: told the holder once, when
    waiting begins. Raises DeploymentLocked; HiveMindError where a chosen place can't be used.
    """
    if place is None:
        yield lambda: None
        return
    lease = _acquired(place, ourselves(command, ttl, clock), wait=wait, on_wait=on_wait, clock=clock)
    try:
        yield lease.check
    finally:
        lease.release()


def holder_of(place: SharedPlace) -> Holder | None:
    """Who holds the deployment of a place; None: nobody, or the lease has expired. Raises CloudCallFailed;
    HiveMindError where a chosen place can't be used."""
    try:
        with reaching(place):
            found = place.objects.read(KEY)
    except CloudCallFailed as error:
        if error.code == NO_BUCKET:
            return None
        raise
    holder = _holder(found.body) if found else None
    return None if found is None or holder is None or found.age > holder.ttl else holder


def break_shared(place: SharedPlace, holder: Holder) -> bool:
    """Takes the deployment of a place from a holder; one that is alive loses it at its next look. False where that
    very lease has ended already. Raises as `holder_of`."""
    with reaching(place):
        found = place.objects.read(KEY)
        current = _holder(found.body) if found else None
        if found is None or current is None or current.nonce != holder.nonce:
            return False
        try:
            place.objects.remove(KEY, found.tag)
        except Overtaken:
            return False
    return True


def _acquired(
    place: SharedPlace, ours: Holder, *, wait: float, on_wait: Callable[[Holder], None], clock: Clock
) -> SharedLease:
    told = False
    other: Holder | None = None
    for _ in polls(clock, deadline=wait, first=0.5, most=5.0):
        with reaching(place):
            tag, other = _take(place.objects, ours)
        if tag is not None:
            return SharedLease(place.objects, ours, tag, clock)
        if wait <= 0:
            break
        if not told and other is not None:
            on_wait(other)
            told = True
    raise DeploymentLocked(
        f"this deployment is locked: {other or 'another machine took it at this moment'}",
        hint="Wait for it (`--wait SECONDS`), or end that run. The lock of a crashed run expires within a minute.",
    )


def _take(objects: Objects, ours: Holder) -> tuple[str | None, Holder | None]:
    """The tag of our lease, else who has it."""
    with suppress(Overtaken):
        return objects.write(KEY, _text(ours), replacing=None), None
    found = objects.read(KEY)
    if found is None:  # released at this moment
        return None, None
    other = _holder(found.body)
    if other is None or found.age > other.ttl:
        with suppress(Overtaken):
            return objects.write(KEY, _text(ours), replacing=found.tag), other
    return None, other


def _text(holder: Holder) -> bytes:
    return json.dumps(asdict(holder), indent=1, sort_keys=True).encode()


def _holder(body: bytes) -> Holder | None:
    try:
        return Holder(**json.loads(body))
    except (ValueError, TypeError):
        return None
