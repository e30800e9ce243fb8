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

MYSQL: Mapping[str, int] = MappingProxyType({"8.0": 46, "8.4": 11})
"""Line of MySQL's releases -> its newest version."""
MARIADB: Mapping[str, int] = MappingProxyType({"10.6": 28, "10.11": 19, "11.4": 13, "11.8": 9, "12.3": 3})
"""Line of MariaDB's releases -> its newest version."""

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


def nearest_line(version: str, lines: Mapping[str, int]) -> str | None:
    """None for a version of MySQL or MariaDB that RDS offers, or may offer by now; else the one nearest to it.
    lines: of its releases."""
    parts = [part for part in version.strip().lstrip("vV").split(".") if part]
    if not parts or not all(part.isascii() and part.isdecimal() for part in parts):
        return max(lines, key=_line)
    wanted = tuple(int(part[:6]) for part in (*parts, "0")[:2])
    near = min(lines, key=lambda known: (_distance(_line(known), wanted), known))
    if len(parts) < 2 or _line(near) != wanted:
        return near
    plain = ".".join(str(int(part[:6])) for part in parts[:3])
    return None if plain == version else plain


def _line(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


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
