"""Every resource operation's stage: it takes its time, may fail by a fault, and tells when it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from hivemind.local.faults import FaultTable
from hivemind.local.resource_kind import Kind, Made, Properties, ResourceFailed
from hivemind.template.average_seconds import AVERAGE_SECONDS

OTHERWISE = 16.0
SPEED_UP = 2000.0


def pause(resource_type: str, faults: FaultTable) -> float:
    """Seconds that an operation of the type takes beside its work: by a fault, else AWS's average / 2000."""
    chosen = faults.delay(resource_type)
    return AVERAGE_SECONDS.get(resource_type, OTHERWISE) / SPEED_UP if chosen is None else chosen


def staged(name: str, kind: Kind, faults: FaultTable, done: Callable[[], None]) -> Kind:
    """`kind` with delays and faults. done: called after each operation, from its thread."""

    def begin(logical_id: str | None, on: str) -> None:
        time.sleep(pause(name, faults))
        reason = faults.failure(name, logical_id, on)
        if reason is not None:
            raise ResourceFailed(reason)

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        begin(logical_id, "create")
        try:
            return kind.create(logical_id, properties, stack)
        finally:
            done()

    def delete(physical_id: str, properties: Properties) -> None:
        begin(None, "delete")
        try:
            kind.delete(physical_id, properties)
        finally:
            done()

    change = kind.update
    if change is None:
        return replace(kind, create=create, delete=delete)

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        begin(logical_id, "update")
        try:
            return change(physical_id, old, new, stack, logical_id)
        finally:
            done()

    return replace(kind, create=create, delete=delete, update=update)
