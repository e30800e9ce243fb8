"""What a service's `release` milestone carries."""

from __future__ import annotations

from dataclasses import dataclass

from hivemind.releases.rollout import Rollout


@dataclass(frozen=True)
class Released:
    """A release that runs on its instances. rollout: how it got there, and how it gets traffic. health_path: what the
    application answered when it was first asked; None where the blueprint says it, or where nobody asks."""

    rollout: Rollout
    health_path: str | None = None
