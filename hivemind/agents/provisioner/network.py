"""The network: a VPC over two availability zones, public and private subnets, and the ways out of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from hivemind.blueprint.access import instances_are_public
from hivemind.blueprint.model import Blueprint, DeploymentStage
from hivemind.template.fragment import Fragment
from hivemind.template.names import PRIVATE_SUBNETS, PUBLIC_SUBNETS, VPC

ZONES = (0, 1)
EVERYWHERE = "0.0.0.0/0"
GATEWAY = "VPCInternetGateway"
ATTACHMENT = "VPCGatewayAttachment"
PUBLIC_ROUTES = "VPCPublicRouteTable"
PUBLIC_ROUTE = "VPCPublicRoute"
PRIVATE_ROUTES = ("VPCPrivateRouteTable1", "VPCPrivateRouteTable2")

# Sixteenths of the VPC: public subnets take the first two, private ones the ninth and tenth, the rest stays free.
PUBLIC_BLOCKS = (0, 1)
PRIVATE_BLOCKS = (8, 9)

Resources = dict[str, Mapping[str, Any]]


def instance_subnet(blueprint: Blueprint, number: int) -> str:
    """The logical id of the subnet of a service's instance `number` (1-based): zones take turns."""
    subnets = PUBLIC_SUBNETS if instances_are_public(blueprint) else PRIVATE_SUBNETS
    return subnets[(number - 1) % len(subnets)]


def fragment(blueprint: Blueprint) -> Fragment:
    """VPC, subnets, route tables, internet gateway, NAT as `network.egress` says, S3 gateway endpoint."""
    return Fragment(
        path="network",
        resources={
            **_vpc(blueprint),
            **_subnets(blueprint),
            **_public_routes(),
            **_private_routes(),
            **_nat(blueprint),
            **_storage_endpoint(),
        },
        outputs={"VpcId": {"Value": {"Ref": VPC}}},
    )


def _vpc(blueprint: Blueprint) -> Resources:
    return {
        VPC: {
            "Type": "AWS::EC2::VPC",
            "Properties": {
                "CidrBlock": blueprint.network.cidr,
                "EnableDnsHostnames": True,
                "EnableDnsSupport": True,
            },
        },
        GATEWAY: {"Type": "AWS::EC2::InternetGateway"},
        ATTACHMENT: {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": {"Ref": VPC}, "InternetGatewayId": {"Ref": GATEWAY}},
        },
    }


def _subnets(blueprint: Blueprint) -> Resources:
    whole = ipaddress.ip_network(blueprint.network.cidr)
    blocks = list(whole.subnets(prefixlen_diff=4))
    public = instances_are_public(blueprint)
    resources: Resources = {}
    for names, numbers, mapped in ((PUBLIC_SUBNETS, PUBLIC_BLOCKS, public), (PRIVATE_SUBNETS, PRIVATE_BLOCKS, False)):
        for zone, (name, number) in enumerate(zip(names, numbers, strict=True)):
            resources[name] = {
                "Type": "AWS::EC2::Subnet",
                "Properties": {
                    "VpcId": {"Ref": VPC},
                    "CidrBlock": str(blocks[number]),
                    "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]},
                    "MapPublicIpOnLaunch": mapped,
                },
            }
    return resources


def _public_routes() -> Resources:
    return {
        PUBLIC_ROUTES: _route_table(),
        PUBLIC_ROUTE: {
            "Type": "AWS::EC2::Route",
            "DependsOn": ATTACHMENT,
            "Properties": {
                "RouteTableId": {"Ref": PUBLIC_ROUTES},
                "DestinationCidrBlock": EVERYWHERE,
                "GatewayId": {"Ref": GATEWAY},
            },
        },
        **{
            f"VPCPublicRouteTableAssociation{zone + 1}": _association(PUBLIC_SUBNETS[zone], PUBLIC_ROUTES)
            for zone in ZONES
        },
    }


def _private_routes() -> Resources:
    # One table a zone whatever the egress is, so that going from one NAT gateway to two changes routes only.
    resources: Resources = {}
    for zone in ZONES:
        resources[PRIVATE_ROUTES[zone]] = _route_table()
        resources[f"VPCPrivateRouteTableAssociation{zone + 1}"] = _association(
            PRIVATE_SUBNETS[zone], PRIVATE_ROUTES[zone]
        )
    return resources


def _nat(blueprint: Blueprint) -> Resources:
    egress = blueprint.network.egress
    if egress == "none" or blueprint.stage is DeploymentStage.STAGE_1:
        return {}
    gateways = ZONES if egress == "nat-per-az" else ZONES[:1]
    resources: Resources = {}
    for zone in gateways:
        resources[f"VPCNatAddress{zone + 1}"] = {
            "Type": "AWS::EC2::EIP",
            "DependsOn": ATTACHMENT,
            "Properties": {"Domain": "vpc"},
        }
        resources[f"VPCNatGateway{zone + 1}"] = {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "AllocationId": {"Fn::GetAtt": [f"VPCNatAddress{zone + 1}", "AllocationId"]},
                "SubnetId": {"Ref": PUBLIC_SUBNETS[zone]},
            },
        }
    for zone in ZONES:
        resources[f"VPCPrivateRoute{zone + 1}"] = {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": PRIVATE_ROUTES[zone]},
                "DestinationCidrBlock": EVERYWHERE,
                "NatGatewayId": {"Ref": f"VPCNatGateway{gateways[zone % len(gateways)] + 1}"},
            },
        }
    return resources


def _storage_endpoint() -> Resources:
    return {
        "VPCStorageEndpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": VPC},
                "VpcEndpointType": "Gateway",
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
                "RouteTableIds": [{"Ref": table} for table in (PUBLIC_ROUTES, *PRIVATE_ROUTES)],
            },
        }
    }


def _route_table() -> Mapping[str, Any]:
    return {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": VPC}}}


def _association(subnet: str, table: str) -> Mapping[str, Any]:
    return {
        "Type": "AWS::EC2::SubnetRouteTableAssociation",
        "Properties": {"SubnetId": {"Ref": subnet}, "RouteTableId": {"Ref": table}},
    }
