"""The lease between machines: an object in the deployment's bucket, written under conditions that S3 keeps.

`deploy/lease.py` holds a deployment against other runs on this machine; this holds it against other machines. It is
taken with If-None-Match, renewed with If-Match, and is free when it was not renewed within its TTL by S3's own clock.
Until the first apply has made the bucket, the stack's name is the lock: it can be created once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from hivemind.deploy.lease import TTL, Holder, ourselves
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls
from hivemind.values.errors import CloudUnreachable, DeploymentLocked

if TYPE_CHECKING:
    from hivemind.values.cloud import Cloud

KEY = "hivemind/lease.json"
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


class SharedLease:
    """A held lease in a bucket. `lost` is set when another machine took over, or nobody could renew it in time."""

    def __init__(self, cloud: Cloud, bucket: str, holder: Holder, tag: str, clock: Clock) -> None:
        self._s3 = cloud.client("s3")
        self._bucket = bucket
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
        holder = {**asdict(self._holder), "renewed": self._clock.now().isoformat(timespec="milliseconds")}
        try:
            self._tag = _put(self._s3, self._bucket, holder, IfMatch=self._tag)
        except CloudCallFailed as error:
            if error.code not in _TAKEN | _ABSENT:
                raise
            self.lost.set()
            return False
        self._renewed = self._clock.monotonic()
        return True

    def release(self) -> None:
        """Ends the lease; harmless when it has ended already."""
        self._ended.set()
        self._heart.join(timeout=5)
        if not self.lost.is_set():
            with suppress(CloudCallFailed, CloudUnreachable):  # it ends by itself
                self._s3.delete_object(Bucket=self._bucket, Key=KEY, IfMatch=self._tag)

    def _beat(self) -> None:
        while not self._ended.wait(max(1.0, self._holder.ttl / 4)):
            try:
                if not self.renew():
                    return
            except (CloudCallFailed, CloudUnreachable):
                if self._clock.monotonic() - self._renewed > self._holder.ttl:
                    self.lost.set()
                    return


@contextmanager
def shared(
    cloud: Cloud,
    bucket: str | None,
    *,
    command: str,
    wait: float = 0.0,
    on_wait: Callable[[Holder], None] = lambda _: None,
    ttl: float = TTL,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Callable[[], None]]:
    """Holds the deployment of a bucket against other machines; yields what raises when it is lost.

    bucket: None where there is none yet, or the local cloud, and nothing is held. wait, ttl: seconds. on_wait: told the
    holder once, when waiting begins. Raises DeploymentLocked.
    """
    if bucket is None:
        yield lambda: None
        return
    lease = _acquired(cloud, bucket, ourselves(command, ttl, clock), wait=wait, on_wait=on_wait, clock=clock)
    try:
        yield lease.check
    finally:
        lease.release()


def holder_of(cloud: Cloud, bucket: str, *, clock: Clock = SYSTEM_CLOCK) -> Holder | None:
    """Who holds the deployment of a bucket; None: nobody, or the lease has expired. Raises CloudCallFailed."""
    try:
        answer = cloud.client("s3").get_object(Bucket=bucket, Key=KEY)
    except CloudCallFailed as error:
        if error.code in _ABSENT:
            return None
        raise
    holder = _holder(answer["Body"].read())
    return None if holder is None or _age(answer, clock) > holder.ttl else holder


def break_shared(cloud: Cloud, bucket: str, holder: Holder) -> bool:
    """Takes the deployment of a bucket from a holder; one that is alive loses it at its next look. False where that
    very lease has ended already. Raises CloudCallFailed."""
    s3 = cloud.client("s3")
    try:
        answer = s3.get_object(Bucket=bucket, Key=KEY)
        current = _holder(answer["Body"].read())
        if current is None or current.nonce != holder.nonce:
            return False
        s3.delete_object(Bucket=bucket, Key=KEY, IfMatch=answer["ETag"])
    except CloudCallFailed as error:
        if error.code in _ABSENT | _TAKEN:
            return False
        raise
    return True


def _acquired(
    cloud: Cloud, bucket: str, ours: Holder, *, wait: float, on_wait: Callable[[Holder], None], clock: Clock
) -> SharedLease:
    s3 = cloud.client("s3")
    told = False
    other: Holder | None = None
    for _ in polls(clock, deadline=wait, first=0.5, most=5.0):
        tag, other = _take(s3, bucket, ours, clock)
        if tag is not None:
            return SharedLease(cloud, bucket, ours, tag, clock)
        if wait <= 0:
            break
        if not told and other is not None:
            on_wait(other)
            told = True
    raise DeploymentLocked(
        f"this deployment is locked: {other or 'another machine took it at this moment'}",
        hint="Wait for it (`--wait SECONDS`), or end that run. The lock of a crashed run expires within a minute.",
    )


def _take(s3: Any, bucket: str, ours: Holder, clock: Clock) -> tuple[str | None, Holder | None]:
    """The tag of our lease, else who has it."""
    with suppress(_Taken):
        return _conditional(s3, bucket, asdict(ours), IfNoneMatch="*"), None
    try:
        answer = s3.get_object(Bucket=bucket, Key=KEY)
    except CloudCallFailed as error:
        if error.code in _ABSENT:  # released at this moment
            return None, None
        raise
    other = _holder(answer["Body"].read())
    if other is None or _age(answer, clock) > other.ttl:
        with suppress(_Taken):
            return _conditional(s3, bucket, asdict(ours), IfMatch=answer["ETag"]), other
    return None, other


class _Taken(Exception):
    """Somebody else was faster."""


def _conditional(s3: Any, bucket: str, holder: Mapping[str, Any], **condition: str) -> str:
    try:
        return _put(s3, bucket, holder, **condition)
    except CloudCallFailed as error:
        if error.code in _TAKEN | {"NoSuchKey"}:
            raise _Taken from None
        raise


def _put(s3: Any, bucket: str, holder: Mapping[str, Any], **condition: str) -> str:
    body = json.dumps(holder, indent=1, sort_keys=True).encode()
    return str(s3.put_object(Bucket=bucket, Key=KEY, Body=body, **condition)["ETag"])


def _holder(body: bytes) -> Holder | None:
    try:
        return Holder(**json.loads(body))
    except (ValueError, TypeError):
        return None


def _age(answer: Mapping[str, Any], clock: Clock) -> float:
    """Seconds since the object was written, both by S3's clock: machines disagree on the time."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    written = answer["LastModified"]
    now: datetime = parsedate_to_datetime(said) if said else clock.now()
    return float((now - written).total_seconds())
