"""H490: whether the network's range meets one that the account has connected."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from hivemind.aws.preflight.subject import Subject
from hivemind.values.findings import Finding, Severity

VPC_TYPE = "AWS::EC2::VPC"


def networks(subject: Subject) -> Iterator[Finding]:
    """A warning where the range overlaps that of a VPC which is peered or attached to a transit gateway: who connects
    networks will want to connect this one, and networks that overlap can't be."""
    new = [(name, properties.get("CidrBlock")) for name, properties in subject.made(VPC_TYPE)]
    ranges = [(name, cidr) for name, cidr in new if isinstance(cidr, str)]
    if not ranges:
        return
    ec2 = subject.cloud.client("ec2")
    connected = set()
    for page in ec2.get_paginator("describe_vpc_peering_connections").paginate():
        for peering in page["VpcPeeringConnections"]:
            if peering["Status"]["Code"] in {"active", "provisioning", "pending-acceptance"}:
                connected |= {peering[side]["VpcId"] for side in ("RequesterVpcInfo", "AccepterVpcInfo")}
    for page in ec2.get_paginator("describe_transit_gateway_vpc_attachments").paginate():
        connected |= {one["VpcId"] for one in page["TransitGatewayVpcAttachments"] if one["State"] == "available"}
    if not connected:
        return
    for page in ec2.get_paginator("describe_vpcs").paginate():
        for vpc in page["Vpcs"]:
            if vpc["VpcId"] not in connected:
                continue
            theirs = [one["CidrBlock"] for one in vpc.get("CidrBlockAssociationSet", ())] or [vpc["CidrBlock"]]
            for name, cidr in ranges:
                met = next((one for one in theirs if ip_network(one).overlaps(ip_network(cidr, strict=False))), None)
                if met is not None:
                    yield subject.finding(
                        "H490",
                        Severity.WARNING,
                        f"{cidr} overlaps {met} of {vpc['VpcId']}, which is connected to other networks: this one "
                        "could not be connected to it later",
                        "Write another range now, for example `network: {cidr: 10.42.0.0/16}`. It cannot change later.",
                        name,
                        "CidrBlock",
                    )
