"""Security groups, decided: may this source open a connection to a port behind these groups?

Pure. `edge.py` asks for every front and outlet whenever the region changes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from hivemind.local.model import RegionView, Rule

Kind = Literal["load-balancer", "instance", "operator"]

_PRIVATE = tuple(ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
SSH_PORT = 22
_LOOPBACK = ipaddress.ip_address("127.0.0.1")


@dataclass(frozen=True)
class Caller:
    """Who opens a connection. groups: its security groups. address: its IPv4, None when it has none in the VPC."""

    kind: Kind
    groups: tuple[str, ...] = ()
    address: str | None = None


OPERATOR = Caller("operator")
"""The person at this machine: outside every VPC, as anyone on the internet."""


def allowed(
    view: RegionView, source: Caller, destination_groups: Iterable[str], port: int, protocol: str = "tcp"
) -> bool:
    """Whether any ingress rule of the destination's groups admits the source to the port (1-65535).

    As on EC2, rules only ever admit: no rule, unknown groups or no groups mean no. A load balancer or an
    instance is admitted by one of its groups or by a CIDR that holds its address; a load balancer without an
    address has nodes all over its VPC, so any CIDR of private addresses holds it. The operator is admitted
    by the group of an EC2 Instance Connect Endpoint of the view, by a CIDR that holds 127.0.0.1, and by any CIDR
    of public addresses: from inside the local cloud, this machine is every place on the internet.
    """
    return any(
        _covers(rule, port, protocol) and _admits(rule, source, view)
        for group in destination_groups
        for rule in view.groups.get(group, ())
    )


def allowed_to_application(view: RegionView, source: Caller, destination_groups: Iterable[str]) -> bool:
    """Whether any ingress rule admits the source to a port that is not SSH's: where ports are handed out, the
    application listens on another one than the template knows."""
    return any(
        _admits(rule, source, view) and not (rule.first_port == rule.last_port == SSH_PORT)
        for group in destination_groups
        for rule in view.groups.get(group, ())
    )


def _covers(rule: Rule, port: int, protocol: str) -> bool:
    if rule.protocol in {"-1", "all"}:
        return True
    return rule.protocol.lower() == protocol and rule.first_port <= port <= rule.last_port


def _admits(rule: Rule, source: Caller, view: RegionView) -> bool:
    if source.kind == "operator":
        if rule.group is not None:
            return any(rule.group in groups for groups in view.endpoints)
        return rule.cidr is not None and _from_outside(rule.cidr)
    if rule.group is not None:
        return rule.group in source.groups
    if rule.cidr is None:
        return False
    if source.kind == "load-balancer" and source.address is None:
        return _inside(rule.cidr)
    return _holds(rule.cidr, source.address)


@lru_cache(maxsize=4096)
def _network(cidr: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        return None


def _holds(cidr: str, address: str | None) -> bool:
    network = _network(cidr)
    if network is None:
        return False
    if address is None:
        return network.prefixlen == 0
    return ipaddress.IPv4Address(address) in network


def _inside(cidr: str) -> bool:
    network = _network(cidr)
    return network is not None and any(network.overlaps(block) for block in _PRIVATE)


def _from_outside(cidr: str) -> bool:
    network = _network(cidr)
    if network is None:
        return False
    return _LOOPBACK in network or not any(network.subnet_of(block) for block in _PRIVATE)
