"""Data that are kept as a snapshot when what holds them goes: deleted with its stack, or replaced."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from hivemind.local.emulator import Emulator
from hivemind.local.resource_kind import Properties

_MADE_BY = "aws:cloudformation:"


class FinalSnapshots:
    """Which resources of one type leave a snapshot."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._noted: set[tuple[str, str, str]] = set()

    def note(self, physical_id: str, _properties: Properties) -> None:
        """Under `DeletionPolicy: Snapshot`, before the deletion. No more than a note: the emulator calls this on its
        event loop, where nothing may wait."""
        self._noted.add(self._place(physical_id))

    def wanted(self, physical_id: str, tags: Iterable[Mapping[str, str]]) -> bool:
        """Whether the resource that goes now leaves a snapshot. tags: its own."""
        place = self._place(physical_id)
        noted = place in self._noted
        self._noted.discard(place)
        return noted or self._replaced(physical_id, {tag["Key"]: tag["Value"] for tag in tags})

    @staticmethod
    def name(physical_id: str) -> str:
        """A name for the snapshot."""
        return f"{physical_id[:40].rstrip('-')}-snapshot-{secrets.token_hex(6)}"

    def _place(self, physical_id: str) -> tuple[str, str, str]:
        return self._emulator.account, self._emulator.region, physical_id

    def _replaced(self, physical_id: str, tags: Mapping[str, str]) -> bool:
        """Whether another took its place under `UpdateReplacePolicy: Snapshot`, which the emulator does not know."""
        logical_id = tags.get(f"{_MADE_BY}logical-id", "")
        stack = self._emulator.stacks.get(tags.get(f"{_MADE_BY}stack-name", ""), {})
        declared = stack.get("_template", {}).get("Resources", {}).get(logical_id, {})
        now = stack.get("_resources", {}).get(logical_id, {}).get("PhysicalResourceId", physical_id)
        updating = bool(stack.get("StackStatus") == "UPDATE_IN_PROGRESS")
        return updating and declared.get("UpdateReplacePolicy") == "Snapshot" and bool(now != physical_id)
