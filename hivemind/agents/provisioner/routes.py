"""Listener rules: which service a request goes to, with priorities that stay put when other services change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.blueprint.model import Route, Service
from hivemind.template.maintenance import PRIORITY

# Elastic Load Balancing takes priorities 1 to 50000. They are cut into bands, the most specific first: by host
# (named, with a wildcard, any), then by the length of the path. Within a band the place comes from a hash of the
# route, so that adding a service moves no other service's rule.
HOST_KINDS = 3
PATH_LENGTHS = 64
WIDTH = 50_000 // (HOST_KINDS * PATH_LENGTHS)


@dataclass(frozen=True)
class Rule:
    """One listener rule. number: 1-based within its service. priority: lower goes first."""

    service: str
    number: int
    route: Route
    priority: int


def catches_all(service: Service) -> bool:
    """Whether a service takes every request that no rule claims: it has no routes, or one without host and path."""
    return not service.routes or any(is_open(route) for route in service.routes)


def is_open(route: Route) -> bool:
    return route.host is None and _path(route) is None


def rules(services: Iterable[Service]) -> tuple[Rule, ...]:
    """Listener rules of all services, catch-alls left out, by priority."""
    wanted = [
        (service.name, number, route)
        for service in services
        for number, route in enumerate(_distinct(service.routes), 1)
    ]
    taken = {PRIORITY}
    placed: list[Rule] = []
    for name, number, route in sorted(wanted, key=lambda entry: (_text(entry[2]), entry[0])):
        priority = _first_free(route, taken)
        taken.add(priority)
        placed.append(Rule(name, number, route, priority))
    return tuple(sorted(placed, key=lambda rule: rule.priority))


def conditions(route: Route) -> list[Mapping[str, Any]]:
    """A route as conditions of a listener rule. `/api` is the path itself and everything below it."""
    result: list[Mapping[str, Any]] = []
    if route.host:
        result.append({"Field": "host-header", "HostHeaderConfig": {"Values": [route.host]}})
    path = _path(route)
    if path:
        values = [path] if _has_wildcard(path) else [path, f"{path}/*"]
        result.append({"Field": "path-pattern", "PathPatternConfig": {"Values": values}})
    return result


def _distinct(routes: Iterable[Route]) -> list[Route]:
    return sorted({route for route in routes if not is_open(route)}, key=_text)


def _path(route: Route) -> str | None:
    """The route's path without a slash at its end; None for one that says nothing."""
    path = (route.path or "").rstrip("/")
    return None if path in ("", "/*") else path


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


def _text(route: Route) -> str:
    return f"{route.host or ''} {_path(route) or ''}"


def _first_free(route: Route, taken: set[int]) -> int:
    host = HOST_KINDS - 1 if route.host is None else int(_has_wildcard(route.host))
    length = min(len((_path(route) or "").rstrip("*?/")), PATH_LENGTHS - 1)
    start = (host * PATH_LENGTHS + PATH_LENGTHS - 1 - length) * WIDTH + 1
    place = int.from_bytes(hashlib.sha256(_text(route).encode()).digest()[:4]) % WIDTH
    for step in range(WIDTH):
        priority = start + (place + step) % WIDTH
        if priority not in taken:
            return priority
    raise ValueError(f"more than {WIDTH} listener rules are alike")
