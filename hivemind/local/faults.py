"""Faults that users and tests put into the local cloud: what fails, is refused, hangs or takes long, and when.

The table is a JSON file, so that it can be read, edited and kept with a game day's notes.
"""

from __future__ import annotations

import enum
import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hivemind.local.files import read_json, write_json
from hivemind.local.resource_kind import failed


class FaultKind(enum.StrEnum):
    FAIL = "fail"
    CAPACITY = "capacity"
    DEPENDENCY = "dependency"
    HANG = "hang"
    DELAY = "delay"
    DENY = "deny"
    THROTTLE = "throttle"
    BREAK = "break"


OF_RESOURCES = frozenset({FaultKind.FAIL, FaultKind.CAPACITY, FaultKind.DEPENDENCY, FaultKind.HANG})
"""Faults that meet an operation of a resource; `delay` meets all of them, the others meet calls of the API."""


@dataclass(frozen=True)
class Fault:
    """One line of the table.

    subject: a resource type (`AWS::RDS::DBInstance`) for fail, capacity, dependency, hang and delay;
    `service:Operation` for throttle and break (an HTTP 500); an action of IAM (`ec2:CreateVpc`, `ec2:*`) for deny.
    message: reason shown when a resource fails. logical_id: only this one. on: which operations of
    the resource fail: `create`, `update` or `delete`; a dependency holds on delete. times: how often still, None
    without end. skip: how many that would be met pass before. every: throttle and break only each n-th call.
    seconds: of a delay.
    """

    kind: FaultKind
    subject: str
    message: str = ""
    logical_id: str | None = None
    on: str = "create"
    times: int | None = None
    every: int = 1
    seconds: float = 0.0
    skip: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fault:
        """Raises ValueError or TypeError for a line that makes no sense."""
        fault = cls(**{**value, "kind": FaultKind(value["kind"])})
        if fault.on not in {"create", "update", "delete"} or fault.every < 1 or fault.seconds < 0 or fault.skip < 0:
            raise ValueError(f"not a fault: {dict(value)}")
        if fault.kind is FaultKind.DEPENDENCY:
            fault = replace(fault, on="delete")
        return fault

    def meets(self, resource_type: str, logical_id: str | None, on: str) -> bool:
        """Whether it is for this operation of a resource."""
        return (self.subject, self.on) == (resource_type, on) and self.logical_id in {None, logical_id}

    @property
    def reason(self) -> str:
        """What CloudFormation shows of a resource that it meets."""
        service = self.subject.split("::")[1].capitalize() if "::" in self.subject else self.subject
        if self.kind is FaultKind.CAPACITY:
            # The message is EC2's (EC2 user guide, "Troubleshoot instance launch issues").
            text = self.message or (
                "We currently do not have sufficient capacity in the Availability Zone you requested. Our system will "
                "be working on provisioning additional capacity."
            )
            return str(failed(text, service, status=500, code="InsufficientInstanceCapacity"))
        if self.kind is FaultKind.DEPENDENCY:
            text = self.message or f"{self.subject} has a dependent object"
            return str(failed(text, service, code="InvalidRequest"))
        return self.message or f"Fault of the local cloud: {self.subject} fails on {self.on}"


class FaultTable:
    """The faults in force. Every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._calls: dict[str, int] = {}
        self._faults = [Fault.from_json(line) for line in read_json(path, [])]

    def all(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._faults)

    def add(self, fault: Fault) -> None:
        """Puts a fault in force; a delay of the same type replaces the one before."""
        with self._lock:
            if fault.kind is FaultKind.DELAY:
                self._faults = [f for f in self._faults if (f.kind, f.subject) != (fault.kind, fault.subject)]
            self._faults.append(fault)
            self._write()

    def clear(self) -> int:
        """Ends all faults; how many there were."""
        with self._lock:
            count, self._faults = len(self._faults), []
            self._calls.clear()
            self._write()
            return count

    def failure(self, resource_type: str, logical_id: str | None, on: str) -> str | None:
        """Why this operation of a resource must fail, or None. Counts it."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.kind not in OF_RESOURCES - {FaultKind.HANG} or not fault.meets(resource_type, logical_id, on):
                    continue
                if self._use(index):
                    return fault.reason
        return None

    def hangs(self, resource_type: str, logical_id: str | None, on: str) -> bool:
        """Whether this operation of a resource must wait until the fault is cleared."""
        with self._lock:
            return any(f.kind is FaultKind.HANG and f.meets(resource_type, logical_id, on) for f in self._faults)

    def refuses(self, operation: str) -> FaultKind | None:
        """How this call (`service:Operation`) is refused: as too fast, or as broken; None: it is not. Counts it."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.kind not in {FaultKind.THROTTLE, FaultKind.BREAK}:
                    continue
                if fault.subject.lower() == operation.lower():
                    calls = self._calls[fault.subject] = self._calls.get(fault.subject, 0) + 1
                    if calls % fault.every == 0 and self._use(index):
                        return fault.kind
        return None

    def denies(self, action: str) -> bool:
        """Whether nobody may do this (`ec2:CreateVpc`). Counts it."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.kind is FaultKind.DENY and fnmatch.fnmatchcase(action.lower(), fault.subject.lower()):
                    return self._use(index)
        return False

    @property
    def deny_anything(self) -> bool:
        """Whether some action is denied."""
        with self._lock:
            return any(fault.kind is FaultKind.DENY for fault in self._faults)

    def delay(self, resource_type: str) -> float | None:
        """Seconds that an operation of this type takes, where a fault says so."""
        with self._lock:
            found = (f.seconds for f in self._faults if (f.kind, f.subject) == (FaultKind.DELAY, resource_type))
            return next(found, None)

    def _use(self, index: int) -> bool:
        """Counts a fault. Whether it acts this time, or lets one more pass."""
        fault = self._faults[index]
        if fault.skip:
            self._faults[index] = replace(fault, skip=fault.skip - 1)
        elif fault.times is None:
            return True
        elif fault.times <= 1:
            del self._faults[index]
        else:
            self._faults[index] = replace(fault, times=fault.times - 1)
        self._write()
        return not fault.skip

    def _write(self) -> None:
        write_json(self._path, [fault.as_json() for fault in self._faults])
