"""What becomes of a run that somebody interrupts."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class OnInterrupt(enum.StrEnum):
    """cancel: what the cloud is doing is taken back. detach: the cloud goes on, the run ends. wait: the run goes on."""

    CANCEL = "cancel"
    DETACH = "detach"
    WAIT = "wait"


@dataclass(frozen=True)
class Offer:
    """Something under way that can be taken back. what: a noun, such as `the update of the stack shop-production`.
    then: what taking it back does, a clause that begins with a verb."""

    what: str
    then: str
