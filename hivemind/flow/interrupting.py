"""Ctrl-C and SIGTERM: what becomes of what is under way in the cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hivemind.flow.face import Face
    from hivemind.steps.interrupts import Decide, Interrupt
    from hivemind.values.interrupts import Offer, OnInterrupt


def decides(face: Face, policy: OnInterrupt) -> Decide:
    """What asks a face; where nobody is there to ask, the policy of the blueprint decides."""

    def decide(offers: tuple[Offer, ...], interrupt: Interrupt) -> OnInterrupt:
        answer = face.interrupted(offers) if interrupt.somebody else None
        return policy if answer is None else answer

    return decide
