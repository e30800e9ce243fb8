"""What goes with a stack: moto leaves what it has no `delete` for, and then cannot delete its VPC.

[CFN] DeleteStack deletes all resources of a stack; each by the call of its service that is named here.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.security_groups import SecurityGroupIngress
from moto.ec2.models.subnets import SubnetRouteTableAssociation
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment
from moto.elbv2.models import FakeListener, FakeListenerRule, FakeTargetGroup, elbv2_backends

from gaps import Room


def fill(room: Room) -> None:
    _networks()
    _balancers()


def _nothing(*_: Any) -> None:
    """It goes with the resource that it is part of."""


def _networks() -> None:
    def of(kind: Any, delete: Any) -> None:
        kind.delete = lambda self, account, region: delete(self, ec2_backends[account][region])

    def detach(attachment: Any, ec2: Any) -> None:
        for gateway in list(ec2.internet_gateways.values()):
            if gateway.vpc and gateway.vpc.id == attachment.vpc_id:
                ec2.detach_internet_gateway(gateway.id, attachment.vpc_id)

    def disassociate(association: Any, ec2: Any) -> None:
        table = ec2.get_route_table(association.route_table_id)
        for key, subnet in list(table._associations.items()):
            if subnet == association.subnet_id:
                ec2.disassociate_route_table(key)

    def delete_endpoint(endpoint: Any, ec2: Any) -> None:
        ec2.delete_vpc_endpoints([endpoint.id])
        ec2.vpc_end_points.pop(endpoint.id, None)

    def delete_nat(gateway: Any, ec2: Any) -> None:
        ec2.delete_nat_gateway(gateway.id)
        ec2.nat_gateways.pop(gateway.id, None)

    of(Route, _nothing)
    of(SecurityGroupIngress, _nothing)
    of(VPCGatewayAttachment, detach)
    of(SubnetRouteTableAssociation, disassociate)
    of(VPCEndPoint, delete_endpoint)
    of(NatGateway, delete_nat)
    of(RouteTable, lambda table, ec2: ec2.delete_route_table(table.id))
    of(InternetGateway, lambda gateway, ec2: ec2.delete_internet_gateway(gateway.id))
    of(ElasticAddress, lambda address, ec2: ec2.release_address(allocation_id=address.allocation_id))


def _balancers() -> None:
    def delete_target_group(group: Any, account: str, region: str) -> None:
        elbv2_backends[account][region].target_groups.pop(group.arn, None)

    def delete_listener(listener: Any, account: str, region: str) -> None:
        for balancer in elbv2_backends[account][region].load_balancers.values():
            balancer.listeners.pop(listener.arn, None)

    FakeTargetGroup.delete = delete_target_group
    FakeListener.delete = delete_listener
    FakeListenerRule.delete = _nothing
