"""Versions of database engines that RDS offers, so that a wrong one is found at once.

Source: Amazon RDS release calendars and cfn-lint's lists of EngineVersion; a test compares with the latter. A minor
version that is newer than this list is left to cfn-lint, which AWS's data reach sooner.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

POSTGRES: Mapping[int, int] = MappingProxyType({13: 23, 14: 24, 15: 19, 16: 15, 17: 11, 18: 6})
"""Major version -> its newest minor one. RDS makes new databases of these only."""


def nearest_postgres(version: str) -> str | None:
    """None for a version that RDS offers, or may offer by now; else the one nearest to it."""
    parts = [part for part in version.strip().lstrip("vV").split(".") if part]
    if not parts or not all(part.isascii() and part.isdecimal() for part in parts):
        return str(max(POSTGRES))
    major, *rest = (int(part[:6]) for part in parts)
    near = min(POSTGRES, key=lambda known: (abs(known - major), known))
    if near != major:
        return str(near)
    if rest and rest[0] < 1:
        return f"{major}.1" if len(rest) > 1 else str(major)
    plain = ".".join(str(part) for part in (major, *rest[:1]))
    return None if plain == version else plain
