"""Versions of engines that RDS and ElastiCache offer, so that a wrong one is found at once.

Source: Amazon RDS release calendars, "Engine versions and upgrading in ElastiCache", and cfn-lint's lists of
EngineVersion; a test compares with the latter. A minor version that is newer than these lists is left to cfn-lint,
which AWS's data reach sooner.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

POSTGRES: Mapping[int, int] = MappingProxyType({13: 23, 14: 24, 15: 19, 16: 15, 17: 11, 18: 6})
"""Major version -> its newest minor one. RDS makes new databases of these only."""

VALKEY = ("7.2", "8.0", "8.1", "8.2", "9.0", "9.1")
"""Versions of Valkey that ElastiCache has; it takes the newest patch of each."""


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


def nearest_valkey(version: str) -> str | None:
    """None for a version that ElastiCache offers, or may offer by now; else the one nearest to it."""
    parts = version.strip().lstrip("vV").split(".")
    if not all(part.isascii() and part.isdecimal() for part in parts):
        return VALKEY[-1]
    wanted = tuple(int(part[:6]) for part in (*parts, "0")[:2])
    known = {tuple(int(part) for part in one.split(".")): one for one in VALKEY}
    same = [one for one in known if one[0] == wanted[0]]
    if len(parts) == 2 and same and wanted > max(same):
        return None
    near = max(known) if wanted > max(known) else min(known, key=lambda one: _distance(one, wanted))
    return None if known[near] == version else known[near]


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, int]:
    return abs(one[0] - other[0]), abs(one[1] - other[1])
