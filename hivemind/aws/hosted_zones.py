"""Hosted zones of Route 53 by their domain."""

from __future__ import annotations

from typing import Any

from hivemind.text.suggest import did_you_mean, listed


class NoZone(Exception):
    """A domain has not just one public zone. Its text says what there is. hint: what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def public_zones(client: Any) -> list[tuple[str, str]]:
    """Domain and id of each public zone of the account. client: of Route 53."""
    return [(domain, identity) for domain, identity, private in _zones(client) if not private]


def zone_of(client: Any, domain: str) -> str:
    """The id of the public zone of a domain. Raises NoZone where there is none, or more than one."""
    zones = _zones(client)
    public = [identity for name, identity, private in zones if name == domain and not private]
    if len(public) == 1:
        return public[0]
    if public:
        ids = listed(public)
        hint = f"Write the id of the one that the domain's name servers are those of: `zone: {min(public)}`."
        raise NoZone(f"this account has {len(public)} public hosted zones for {domain}: {ids}", hint)
    known = sorted({name for name, _, private in zones if not private})
    hint = did_you_mean(domain, known) or (f"Public zones: {listed(known)}." if known else "It has no public zone.")
    if any(name == domain for name, _, _ in zones):
        raise NoZone(f"the hosted zone of {domain} is private: nobody could validate a certificate in it", hint)
    raise NoZone(f"this account has no hosted zone for {domain}", hint)


def _zones(client: Any) -> list[tuple[str, str, bool]]:
    """Domain, id and whether it is private, of each zone."""
    return [
        (
            str(one["Name"]).rstrip("."),
            str(one["Id"]).rpartition("/")[2],
            bool((one.get("Config") or {}).get("PrivateZone")),
        )
        for page in client.get_paginator("list_hosted_zones").paginate()
        for one in page["HostedZones"]
    ]
