"""Faults that users and tests put into the local cloud: failing types, throttled operations, delays.

The table is a JSON file, so that it can be read, edited and kept with a game day's notes.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hivemind.local.files import read_json, write_json


class FaultKind(enum.StrEnum):
    FAIL = "fail"
    THROTTLE = "throttle"
    DELAY = "delay"


@dataclass(frozen=True)
class Fault:
    """One line of the table.

    subject: a resource type (`AWS::RDS::DBInstance`) for fail and delay, `service:Operation` for throttle.
    message: reason shown when a resource fails. logical_id: only this one. on: which operations of
    the resource fail: `create`, `update` or `delete`. times: how often still, None without end.
    every: throttle only each n-th call. seconds: of a delay.
    """

    kind: FaultKind
    subject: str
    message: str = ""
    logical_id: str | None = None
    on: str = "create"
    times: int | None = None
    every: int = 1
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fault:
        """Raises ValueError or TypeError for a line that makes no sense."""
        fault = cls(**{**value, "kind": FaultKind(value["kind"])})
        if fault.on not in {"create", "update", "delete"} or fault.every < 1 or fault.seconds < 0:
            raise ValueError(f"not a fault: {dict(value)}")
        return fault


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
                if (
                    fault.kind is FaultKind.FAIL
                    and (fault.subject, fault.on) == (resource_type, on)
                    and fault.logical_id in {None, logical_id}
                ):
                    self._use(index)
                    return fault.message or f"Fault of the local cloud: {resource_type} fails on {on}"
        return None

    def throttles(self, operation: str) -> bool:
        """Whether this call (`service:Operation`) is refused as too fast. Counts it."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.kind is FaultKind.THROTTLE and fault.subject.lower() == operation.lower():
                    calls = self._calls[fault.subject] = self._calls.get(fault.subject, 0) + 1
                    if calls % fault.every == 0:
                        self._use(index)
                        return True
        return False

    def delay(self, resource_type: str) -> float | None:
        """Seconds that an operation of this type takes, where a fault says so."""
        with self._lock:
            found = (f.seconds for f in self._faults if (f.kind, f.subject) == (FaultKind.DELAY, resource_type))
            return next(found, None)

    def _use(self, index: int) -> None:
        fault = self._faults[index]
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._faults[index]
        else:
            self._faults[index] = replace(fault, times=fault.times - 1)
        self._write()

    def _write(self) -> None:
        write_json(self._path, [fault.as_json() for fault in self._faults])
