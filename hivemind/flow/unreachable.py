"""Instances that nobody could reach: said of a blueprint before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.blueprint import access
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint


def unreachable(blueprint: Blueprint, severity: Severity) -> Iterator[Finding]:
    """H139, where the blueprint leaves no way to its instances on AWS."""
    why = access.unreachable(blueprint)
    if why is None:
        return
    if access.ssh_endpoint(blueprint) not in (access.OWN, access.NONE):
        hint = "Name the endpoint's subnet in `network.ssh_from`, and route its network to this VPC."
    elif access.instances_are_public(blueprint):
        hint = "Name your network in `network.ssh_from`, or remove `ssh_endpoint`."
    else:
        hint = "Remove `ssh_endpoint`: HiveMind makes an EC2 Instance Connect Endpoint, which costs nothing."
    message = f"HiveMind could not reach the instances on AWS: {why}"
    yield Finding("H139", severity, message, hint=hint, path="network.ssh_endpoint")
