"""Events: the lines of a Deployment's journal. CLI, GUI and notifications all read these."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


class EventKind(enum.StrEnum):
    """STARTED and FINISHED, FAILED or SKIPPED frame a step. PROGRESS and NOTE come in between."""

    STARTED = "started"
    PROGRESS = "progress"
    NOTE = "note"
    FINISHED = "finished"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Event:
    """One line of a deployment's journal.

    time: RFC 3339, UTC. attempt: id of the run that wrote it. stage: a value of `errors.Stage` (validate, build,
    provision, deploy, register, harden, verify, observe, rollback, cleanup), or `attempt` for the whole run. step:
    unique within an attempt (`release web`). message: one line for people, redacted. data: plain JSON values.
    """

    time: str
    deployment_id: str
    attempt: str
    stage: str
    step: str
    kind: EventKind
    message: str
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def as_json(self) -> dict[str, Any]:
        return {
            "time": self.time,
            "deployment": self.deployment_id,
            "attempt": self.attempt,
            "stage": self.stage,
            "step": self.step,
            "kind": self.kind.value,
            "message": self.message,
            "data": dict(self.data),
        }
