"""DNS records of the local cloud: kept with their stack, and answered by nobody.

There is no zone and no name server here. Names of a deployment are in the certificates of its load balancer, which are
reached at an address of this machine.
"""

from __future__ import annotations

from hivemind.local.resource_kind import Kind, Made, Properties, require
from hivemind.local.resources.site import Site

RECORD = "AWS::Route53::RecordSet"


def dns_kinds(site: Site, own: dict[str, Kind]) -> dict[str, Kind]:
    """site, own: as those of other kinds; nothing of either is used."""
    del site, own
    return {RECORD: Kind(_create, _delete, _update, replacing=frozenset({"HostedZoneId", "HostedZoneName", "Name"}))}


def _create(logical_id: str, properties: Properties, stack: str) -> Made:
    """`Ref` is the name of the record (CloudFormation Template Reference, "AWS::Route53::RecordSet", Return values)."""
    del stack
    require(logical_id, properties, "Name", "Type")
    return str(properties["Name"]), {}


def _update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    del old, stack, logical_id
    return str(new.get("Name") or physical_id), {}


def _delete(physical_id: str, properties: Properties) -> None:
    del physical_id, properties
