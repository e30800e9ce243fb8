"""Rules for HTTPS: the names of a deployment, the zone that they are in, and the hosts of routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from hivemind.blueprint.forms import mapping_of, route_of, texts_of
from hivemind.blueprint.overlay import View
from hivemind.values.findings import Finding

LONGEST_FIRST = 64
"""Characters of a certificate's first name (AWS Certificate Manager User Guide, "RequestCertificate", DomainName)."""
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LONGEST = 253


def wrong_with_domain(text: str) -> tuple[str, str] | None:
    """What is wrong with a name that a certificate and a DNS record are made for, and what to write."""
    bare = re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0].split(":")[0].rstrip(".")
    labels = text.lower().removeprefix("*.").split(".")
    if len(text) <= _LONGEST and len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit():
        return None
    message = f'"{text}" is not a domain name'
    if bare != text.lower() and bare and wrong_with_domain(bare) is None:
        return message, f"Did you mean {bare}?"
    if "*" in text:
        return message, "`*` stands for the first part only, as in `*.example.com`."
    return message, "For example: `shop.example.com`."


def covers(name: str, host: str) -> bool:
    """Whether a certificate for a name is valid for a host; `*` stands for one part of it (RFC 6125, 6.4.3)."""
    if name == host or not name.startswith("*."):
        return name == host
    return host.partition(".")[2] == name[2:] and host.partition(".")[0] != ""


def https(view: View) -> Iterator[Finding]:
    """Names come with a zone or a certificate, and a requested certificate covers every host of the routes."""
    said, zone, certificate = (view.data.get(key) for key in ("domain", "zone", "certificate"))
    names = [name.lower() for name in texts_of(said)]
    if names and zone is None and certificate is None:
        message = "`domain` has neither a `zone`, in which HiveMind can request a certificate, nor a `certificate`"
        hint = f"Add `zone: {_parent(names[0])}`, if Route 53 has that zone. Or name a certificate by its ARN."
        yield view.finding("H475", ("domain",), message, hint, key=True)
    if zone is not None and said is None:
        yield view.finding("H475", ("zone",), "`zone` without `domain`", "Add `domain: NAME`.", key=True)
    if isinstance(zone, str) and "." in zone and wrong_with_domain(zone) is None:
        yield from _outside(view, names, zone.lower())
    if not names or zone is None or certificate is not None:
        return
    if len(names[0]) > LONGEST_FIRST:
        message = f"the first name of a certificate has at most {LONGEST_FIRST} characters, and {names[0]} has more"
        hint = "Write a shorter name first, for example a domain that the long one is in."
        yield view.finding("H476", ("domain", 0) if isinstance(said, list) else ("domain",), message, hint)
    yield from _uncovered(view, names)


def _outside(view: View, names: list[str], zone: str) -> Iterator[Finding]:
    outside = [name for name in names if name != zone and not name.endswith(f".{zone}")]
    if outside:
        message = f"{', '.join(outside)} is not in the hosted zone of {zone}"
        yield view.finding("H478", ("zone",), message, f"Write the zone that it is in: `zone: {_parent(outside[0])}`.")


def _parent(name: str) -> str:
    """The domain that a name is most likely in a zone of: all but its first part, of a name of three or more."""
    bare = name.removeprefix("*.")
    return bare if bare.count(".") < 2 else bare.partition(".")[2]


def _uncovered(view: View, names: list[str]) -> Iterator[Finding]:
    for path, host in _hosts(view):
        if not any(covers(name, host) for name in names):
            message = f"the certificate is not for {host}: `domain` does not name it"
            yield view.finding("H477", path, message, _near(host, names))


def _hosts(view: View) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for service, entry in mapping_of(view.data.get("services")).items():
        said: Any = mapping_of(entry).get("routes")
        for position, value in enumerate(said if isinstance(said, list) else []):
            route = route_of(value)
            if route is not None and route.host:
                yield ("services", service, "routes", position), route.host


def _near(host: str, names: Iterable[str]) -> str:
    from hivemind.text.suggest import did_you_mean

    return did_you_mean(host, names) or f"Write `domain: [{', '.join((*names, host))}]`."
