"""Every resource operation's stage: may the caller do it, it takes its time, may fail by a fault, tells when done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from hivemind.local.faults import FaultTable
from hivemind.local.pace import Pace
from hivemind.local.resource_kind import Kind, Made, Properties, ResourceFailed

LOOK_SECONDS = 0.05
"""How often an operation that hangs looks whether its fault is cleared."""
Refuses = Callable[[str, str, str, Properties], str | None]
"""(resource type, operation, physical id or begin of a new name, properties): why the caller may not do it."""


def staged(
    name: str, kind: Kind, faults: FaultTable, done: Callable[[], None], *, pace: Pace, refuses: Refuses
) -> Kind:  # fmt: skip
    """`kind` with permissions, delays and faults. done: called after each operation, from its thread."""

    def begin(logical_id: str | None, on: str, identity: str, properties: Properties) -> None:
        reason = refuses(name, on, identity, properties)
        if reason is not None:
            raise ResourceFailed(reason)
        delay = faults.delay(name)
        time.sleep(pace.seconds(name) if delay is None else delay)
        while faults.hangs(name, logical_id, on):
            time.sleep(LOOK_SECONDS)
        reason = faults.failure(name, logical_id, on)
        if reason is not None:
            raise ResourceFailed(reason)

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        begin(logical_id, "create", f"{stack}-{logical_id}", properties)
        try:
            return kind.create(logical_id, properties, stack)
        finally:
            done()

    def delete(physical_id: str, properties: Properties) -> None:
        begin(None, "delete", physical_id, properties)
        try:
            kind.delete(physical_id, properties)
        finally:
            done()

    change = kind.update
    if change is None:
        return replace(kind, create=create, delete=delete)

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        begin(logical_id, "update", physical_id, new)
        try:
            return change(physical_id, old, new, stack, logical_id)
        finally:
            done()

    return replace(kind, create=create, delete=delete, update=update)
