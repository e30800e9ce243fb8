"""How HiveMind reaches the instances of a deployment on AWS: by the blueprint alone. Pure."""

from __future__ import annotations

from hivemind.blueprint.model import Blueprint, DeploymentStage

OWN, NONE = "own", "none"


def instances_are_public(blueprint: Blueprint) -> bool:
    """Whether instances stand in public subnets: in stage-1, unless nothing may get out (`egress: none`)."""
    return blueprint.stage is DeploymentStage.STAGE_1 and blueprint.network.egress != "none"


def ssh_endpoint(blueprint: Blueprint) -> str:
    """The EC2 Instance Connect Endpoint: `own`, `none`, or the id of an existing one.

    Public instances that `ssh_from` opens need none, and AWS allows few in a region.
    """
    network = blueprint.network
    if network.ssh_endpoint is not None:
        return network.ssh_endpoint
    return NONE if instances_are_public(blueprint) and network.ssh_from else OWN


def unreachable(blueprint: Blueprint) -> str | None:
    """Why nobody could reach the instances on AWS; None where there is a way."""
    endpoint, network = ssh_endpoint(blueprint), blueprint.network
    if endpoint == OWN:
        return None
    if endpoint != NONE:
        if network.ssh_from:
            return None
        return f"`ssh_from` does not admit the endpoint {endpoint} of another network"
    if not instances_are_public(blueprint):
        return "the instances are in private subnets, and `ssh_endpoint: none` leaves no way to them"
    return None if network.ssh_from else "`ssh_endpoint: none` without `ssh_from` leaves no way to the instances"
