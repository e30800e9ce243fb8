"""Ports in texts that were written for people."""

from __future__ import annotations

import re

_OTHERS = frozenset(
    {21, 22, 25, 53, 110, 143, 389, 443, 465, 587, 636, 993, 995, 1025, 1080, 1433, 1521, 1883, 2181, 2375, 2376, 2379,
     3306, 3307, 4222, 4317, 4318, 4369, 5005, 5173, 5432, 5433, 5434, 5601, 5672, 5678, 6006, 6379, 6380, 6650, 6831,
     7687, 8025, 8086, 8125, 8200, 8500, 8529, 9042, 9090, 9092, 9093, 9200, 9229, 9300, 9418, 9411, 11211, 11434,
     15672, 26257, 27017, 27018, 35729}
)  # fmt: skip
"""Ports of databases, queues, mail, monitoring and debuggers, which are named beside an application's own."""


def number(text: object) -> int | None:
    """A port out of a value: `8080`, `":8080"`, `"0.0.0.0:8080"`, `"${PORT:8080}"`, `"http://*:8080"`."""
    if isinstance(text, bool) or not isinstance(text, int | str):
        return None
    match = re.fullmatch(
        r"(?:(?:https?://)?(?:[\w.*+-]*|\[[\da-f:]*\]):)?(?:\$\{\w+:-?)?(\d{2,5})\}?/?", str(text)[:100].strip()
    )
    found = int(match[1]) if match else 0
    return found if 0 < found <= 65535 else None


def own(value: int | None) -> bool:
    """Whether a port is one that an application may have, and not that of something beside it."""
    return value is not None and value not in _OTHERS
