"""Lines of the load balancer's health checks in an application's log, and what is left without them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

HEALTH_CHECKER = "ELB-HealthChecker/"
"""What every health check of a load balancer says of itself, and most access logs repeat."""
AT_ONCE = 50
"""Lines to ask for at first, for each that is wanted; ten times as many when these are too few."""
MOST = 50_000
"""Lines to ask an instance for, at most."""

IsCheck = Callable[[str], bool]


def recogniser(path: str | None) -> IsCheck:
    """Whether a line tells of a health check. path: the one that is checked.

    An access log that does not repeat who asks is known by the path, in the common forms: `GET /up HTTP/1.1`,
    `path=/up`, `"url": "/up"`. `/` is everybody's path and tells nothing.
    """
    if path is None or path.partition("?")[0] in ("", "/"):
        return lambda line: HEALTH_CHECKER in line
    end = r"(?=[\s\"',?}&]|$)"
    asked = re.compile(
        rf"\b(?:GET|HEAD)\s+(?:https?://[^/\s]+)?{re.escape(path)}{end}"
        rf"|\b(?:path|url|uri|target|request)[\"']?\s?[:=]\s?[\"']?{re.escape(path)}{end}",
        re.IGNORECASE,
    )
    return lambda line: HEALTH_CHECKER in line or asked.search(line) is not None


def last(read: Callable[[int], Sequence[str]], count: int, is_check: IsCheck) -> tuple[list[str], int]:
    """The last lines that tell of no health check, and among how many lines of all they are.

    read: gives the last lines, at most so many. Asks for more until there are enough, or no more.
    """
    asked = min(count * AT_ONCE, MOST)
    while True:
        lines = read(asked)
        kept = [number for number, line in enumerate(lines) if not is_check(line)][-count:]
        if len(kept) >= count or len(lines) < asked or asked >= MOST:
            return [lines[number] for number in kept], len(lines) - kept[0] if kept else 0
        asked = min(asked * 10, MOST)
