"""H483: whether the region, and the zones of the subnets, offer the instance types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.aws.preflight.subject import Subject
from hivemind.template.resource_types import INSTANCE
from hivemind.text.suggest import did_you_mean
from hivemind.values.findings import Finding, Severity


def sizes(subject: Subject) -> Iterator[Finding]:
    """An error for a type that the region does not offer, a warning for one that the subnet's zone does not: which
    zones CloudFormation takes can't be asked beforehand, only told from the default subnets."""
    wanted: dict[str, list[tuple[str, Any]]] = {}
    for name, properties in subject.set(INSTANCE, "InstanceType"):
        size = properties.get("InstanceType")
        if isinstance(size, str):
            wanted.setdefault(size, []).append((name, properties.get("SubnetId")))
    if not wanted:
        return
    offered: dict[str, set[str]] = {}
    for one in _offerings(subject, sorted(wanted)):
        offered.setdefault(one["InstanceType"], set()).add(one["Location"])
    zones = _zones(subject) if any(offered.get(size) for size in wanted) else ()
    for size, users in sorted(wanted.items()):
        first = users[0][0]
        if size not in offered:
            # Same family first: what is most alike by its name.
            family = {one["InstanceType"] for one in _offerings(subject, [f"{size.partition('.')[0]}.*"])}
            near = did_you_mean(size, family) or "Use another `size`, or another region."
            message = f"{subject.cloud.region} does not offer the instance type {size}"
            yield subject.finding("H483", Severity.ERROR, message, near, first, "InstanceType")
            continue
        for name, subnet in users:
            zone = _zone_of(subject, subnet, zones)
            if zone is not None and zone not in offered[size]:
                yield subject.finding(
                    "H483",
                    Severity.WARNING,
                    f"the zone {zone}, in which {name} is made, does not offer the instance type {size}",
                    f"It is offered in {', '.join(sorted(offered[size]))}. Use another `size`.",
                    name,
                    "InstanceType",
                )


def _offerings(subject: Subject, types: list[str]) -> Iterator[Mapping[str, str]]:
    pages = subject.cloud.client("ec2").get_paginator("describe_instance_type_offerings")
    asked = [{"Name": "instance-type", "Values": types}]
    for page in pages.paginate(LocationType="availability-zone", Filters=asked):
        yield from page["InstanceTypeOfferings"]


def _zones(subject: Subject) -> tuple[str, ...]:
    """The zones that `Fn::GetAZs` gives: those with a default subnet, or all where there is none.

    Source: AWS CloudFormation User Guide, "Fn::GetAZs".
    """
    ec2 = subject.cloud.client("ec2")
    known = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    zones = {one["AvailabilityZone"] for one in known}
    if not zones:
        asked = [{"Name": "zone-type", "Values": ["availability-zone"]}]
        zones = {one["ZoneName"] for one in ec2.describe_availability_zones(Filters=asked)["AvailabilityZones"]}
    return tuple(sorted(zones))


def _zone_of(subject: Subject, subnet: Any, zones: tuple[str, ...]) -> str | None:
    """The zone of `{"Ref": SUBNET}`, whose zone is written out or the one with a number of all; None where it is
    written in another way."""
    logical_id = subnet.get("Ref") if isinstance(subnet, Mapping) else None
    resource = subject.assembly.resources.get(str(logical_id), {})
    zone = (resource.get("Properties") or {}).get("AvailabilityZone")
    if isinstance(zone, str):
        return zone
    number, among = zone.get("Fn::Select", (None, None)) if isinstance(zone, Mapping) else (None, None)
    if not isinstance(among, Mapping) or set(among) != {"Fn::GetAZs"} or not str(number).isdigit():
        return None
    return zones[int(str(number))] if int(str(number)) < len(zones) else None
