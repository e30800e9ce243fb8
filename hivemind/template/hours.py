"""The hours of operation of a resource, which its metadata has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hivemind.blueprint.hours import Hours, hours_of

KEY = "Hours"
"""Under `Metadata.HiveMind` of what runs at hours only."""


def hours_in(definition: Mapping[str, Any]) -> Hours | None:
    """The hours of a resource's definition, None for one that always runs."""
    own = (definition.get("Metadata") or {}).get("HiveMind")
    said = own.get(KEY) if isinstance(own, Mapping) else None
    hours = hours_of(said) if isinstance(said, str) else None
    return hours if isinstance(hours, Hours) else None


def rests_until(definition: Mapping[str, Any], now: datetime) -> datetime | None:
    """When a resource starts that its hours keep stopped now; None for one that should run. now: with a time zone."""
    hours = hours_in(definition)
    return None if hours is None or hours.includes(now) else hours.next_start(now)
