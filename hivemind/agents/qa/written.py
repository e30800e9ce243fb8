"""Checks as written in a blueprint's `checks`: their schema, and what they become."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hivemind.checks.kinds import DatabaseCheck, HttpCheck, TlsCheck

if TYPE_CHECKING:
    from hivemind.releases.release import Check, Release

_HTTP: Mapping[str, Any] = {
    "description": "Requests a page of a service through its public address. Does not follow redirects.",
    "required": ["http"],
    "properties": {
        "http": {
            "description": "Path to request, with its query.",
            "type": "string",
            "pattern": "^/",
            "x-expected": "a path that starts with /",
            "examples": ["/up", "/search?q=tea"],
        },
        "service": {
            "description": "Service to check. Default: every web service.",
            "type": "string",
            "examples": ["web"],
        },
        "status": {
            "description": "Expected HTTP status code. Default: 200 to 399, or a redirect if `redirect` is present.",
            "type": "integer",
            "minimum": 100,
            "maximum": 599,
            "examples": [200, 404],
        },
        "contains": {
            "description": "Text that the body must contain.",
            "type": "string",
            "minLength": 1,
            "examples": ["Welcome"],
        },
        "matches": {
            "description": "Python regular expression that the body must match somewhere.",
            "type": "string",
            "minLength": 1,
            "format": "regex",
            "examples": ["version [0-9]+"],
        },
        "redirect": {
            "description": "Address, or the beginning of the address, to which the response must redirect.",
            "type": "string",
            "minLength": 1,
            "examples": ["https://", "/login"],
        },
        "under": {
            "description": "Maximum time for the response.",
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s)$",
            "x-expected": "a time such as 300ms or 2s",
            "examples": ["300ms", "2s"],
        },
    },
    "examples": [{"http": "/up", "status": 200, "under": "300ms"}],
}
_DATABASE: Mapping[str, Any] = {
    "description": "Logs in to a database through an instance of a service that needs it, and runs a query.",
    "required": ["database"],
    "properties": {
        "database": {"description": "Name of the resource.", "type": "string", "examples": ["db"]},
        "query": {
            "description": "SQL that must run without an error.",
            "type": "string",
            "minLength": 1,
            "default": "select 1",
            "examples": ["select count(*) from orders"],
        },
        "expect": {
            "description": "Expected first value of the first row, as text.",
            "type": ["string", "integer", "boolean"],
            "examples": ["1"],
        },
    },
    "examples": [{"database": "db", "query": "select 1"}],
}
_TLS: Mapping[str, Any] = {
    "description": "Checks the certificate of a host: chain, host name and expiry.",
    "required": ["tls"],
    "properties": {
        "tls": {"description": "Host name.", "type": "string", "format": "host", "examples": ["shop.example.com"]},
        "days": {
            "description": "Minimum number of days for which the certificate must still be valid.",
            "type": "integer",
            "minimum": 0,
            "maximum": 398,
            "default": 14,
            "examples": [14],
        },
    },
    "examples": [{"tls": "shop.example.com", "days": 14}],
}
SCHEMAS: Mapping[str, Mapping[str, Any]] = MappingProxyType({"http": _HTTP, "database": _DATABASE, "tls": _TLS})


def checks(release: Release) -> tuple[Check, ...]:
    """The blueprint's entries of our kinds, in their order; entries of other kinds belong to other plugins."""
    found: list[Check] = []
    for entry in release.checks:
        options = entry.options
        if entry.kind == "http":
            services = [options["service"]] if options.get("service") else [one.name for one in release.web_services]
            found += [_http(service, options) for service in services]
        elif entry.kind == "database":
            expect = options.get("expect")
            found.append(
                DatabaseCheck(
                    str(options["database"]),
                    str(options.get("query") or "select 1"),
                    None if expect is None else str(expect),
                )
            )
        elif entry.kind == "tls":
            found.append(TlsCheck(str(options["tls"]), days=int(options.get("days", 14))))
    return tuple(found)


def _http(service: str, options: Mapping[str, Any]) -> HttpCheck:
    return HttpCheck(
        service,
        str(options["http"]),
        status=options.get("status"),
        contains=options.get("contains"),
        matches=options.get("matches"),
        redirect=options.get("redirect"),
        under=seconds(options["under"]) if options.get("under") else None,
    )


def seconds(text: str) -> float:
    """`300ms` or `2s` in seconds. Raises ValueError for anything else."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s)", text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)
