"""Resource types of the emulator as it keeps them, tables of functions, and as we do, a Kind each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.local.resource_kind import Kind


def as_kind(handler: Mapping[str, Any]) -> Kind:
    """A Kind out of one of ministack's handler tables, whose signatures differ by flags."""
    update, delete = handler.get("update"), handler["delete"]
    if update is not None and not handler.get("update_with_logical_id"):
        inner = update
        update = lambda physical_id, old, new, stack, _logical_id: inner(physical_id, old, new, stack)  # noqa: E731
    return Kind(handler["create"], delete, update, handler.get("snapshot"))


def as_handler(kind: Kind, current: Mapping[str, Any]) -> dict[str, Any]:
    """The other way: a handler table that calls a Kind. current: the one that it replaces, for what a Kind lacks."""
    handler: dict[str, Any] = {"create": kind.create, "delete": kind.delete}
    if kind.update is not None:
        handler |= {"update": kind.update, "update_with_logical_id": True}
    if kind.snapshot is not None:
        handler["snapshot"] = kind.snapshot
    if "import" in current:
        handler["import"] = current["import"]
    return handler
