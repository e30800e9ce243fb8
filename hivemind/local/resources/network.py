"""VPC parts: what the emulator lacks (EIP, NAT gateway, Connect Endpoint, rules of their own) and the
integrity that AWS keeps and the emulator does not."""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hivemind.local.resource_kind import Kind, Made, Properties, failed, require
from hivemind.local.resources.site import Site, free_address

RULE_REPLACES = frozenset(
    {
        "CidrIp",
        "CidrIpv6",
        "DestinationPrefixListId",
        "DestinationSecurityGroupId",
        "FromPort",
        "GroupId",
        "GroupName",
        "IpProtocol",
        "SourcePrefixListId",
        "SourceSecurityGroupId",
        "ToPort",
    }
)


def network_kinds(site: Site, own: dict[str, Kind]) -> dict[str, Kind]:
    """own: the emulator's resource types."""
    network = _Network(site, own)
    return {
        "AWS::EC2::VPC": network.guarded("AWS::EC2::VPC", network.check_vpc, network.vpc_users),
        "AWS::EC2::Subnet": network.guarded("AWS::EC2::Subnet", network.check_subnet, network.subnet_users),
        "AWS::EC2::SecurityGroup": network.guarded("AWS::EC2::SecurityGroup", network.check_group, network.group_users),
        "AWS::EC2::VPCGatewayAttachment": network.guarded(
            "AWS::EC2::VPCGatewayAttachment", network.check_attachment, network.attachment_users
        ),
        "AWS::EC2::Route": network.guarded("AWS::EC2::Route", network.check_route, None),
        "AWS::EC2::SecurityGroupIngress": network.rule("SecurityGroupIngress"),
        "AWS::EC2::SecurityGroupEgress": network.rule("SecurityGroupEgress"),
        "AWS::EC2::EIP": Kind(
            network.create_eip, network.delete_eip, network.retag, replacing=frozenset({"Domain", "NetworkBorderGroup"})
        ),
        "AWS::EC2::NatGateway": Kind(
            network.create_nat,
            network.delete_nat,
            network.retag,
            replacing=frozenset({"AllocationId", "ConnectivityType", "PrivateIpAddress", "SubnetId"}),
        ),
        "AWS::EC2::InstanceConnectEndpoint": Kind(
            network.create_endpoint,
            lambda physical_id, _properties: site.emulator.ec2_tags.pop(physical_id, None) and None,
            network.retag,
            replacing=frozenset({"ClientToken", "PreserveClientIp", "SecurityGroupIds", "SubnetId"}),
        ),
    }


def tag(site: Site, physical_id: str, properties: Properties) -> None:
    site.emulator.ec2_tags[physical_id] = [dict(pair) for pair in properties.get("Tags") or []]


class _Network:
    def __init__(self, site: Site, own: dict[str, Kind]) -> None:
        self._site, self._own, self._emulator = site, own, site.emulator

    def guarded(self, name: str, check: Any, users: Any) -> Kind:
        """The emulator's type with a check before create and one for users before delete."""
        own = self._own[name]

        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            check(logical_id, properties)
            physical_id, attributes = own.create(logical_id, properties, stack)
            if name == "AWS::EC2::VPC":
                attributes = {**attributes, "CidrBlock": properties.get("CidrBlock")}
            return physical_id, attributes

        def delete(physical_id: str, properties: Properties) -> None:
            if users is not None:
                users(physical_id, properties)
            own.delete(physical_id, properties)

        if name != "AWS::EC2::SecurityGroup" or own.update is None:
            return replace(own, create=create, delete=delete)
        change = own.update

        def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
            check(logical_id, new)
            return change(physical_id, old, new, stack, logical_id)

        return replace(own, create=create, delete=delete, update=update)

    # -- checks before creation ------------------------------------------------------------------------

    def _need_vpc(self, vpc: Any) -> None:
        if vpc and vpc not in self._emulator.vpcs:
            raise failed(f"The vpc ID '{vpc}' does not exist", "Ec2", code="NotFound")

    def check_vpc(self, logical_id: str, properties: Properties) -> None:
        require(logical_id, properties, "CidrBlock")
        block = properties["CidrBlock"]
        try:
            network = ipaddress.ip_network(block)
        except ValueError:
            raise failed(f"Value ({block}) for parameter cidrBlock is invalid.", "Ec2") from None
        if not 16 <= network.prefixlen <= 28:
            raise failed(f"The CIDR '{block}' is invalid.", "Ec2")

    def check_subnet(self, logical_id: str, properties: Properties) -> None:
        require(logical_id, properties, "VpcId", "CidrBlock")
        vpc, block = properties["VpcId"], properties["CidrBlock"]
        self._need_vpc(vpc)
        try:
            network = ipaddress.IPv4Network(block)
        except ValueError:
            raise failed(f"Value ({block}) for parameter cidrBlock is invalid.", "Ec2") from None
        outer = ipaddress.IPv4Network(self._emulator.vpcs[vpc]["CidrBlock"])
        if not network.subnet_of(outer):
            raise failed(f"The CIDR '{block}' is invalid.", "Ec2")
        for other in self._emulator.subnets.values():
            if other["VpcId"] == vpc and network.overlaps(ipaddress.IPv4Network(other["CidrBlock"])):
                raise failed(f"The CIDR '{block}' conflicts with another subnet", "Ec2", code="AlreadyExists")
        zone = properties.get("AvailabilityZone")
        if zone and not zone.startswith(self._emulator.region):
            raise failed(f"Value ({zone}) for parameter availabilityZone is invalid.", "Ec2")

    def need_groups(self, groups: Any) -> None:
        for group in groups or []:
            if group not in self._emulator.security_groups:
                raise failed(f"The security group '{group}' does not exist", "Ec2", code="NotFound")

    def check_group(self, logical_id: str, properties: Properties) -> None:
        require(logical_id, properties, "GroupDescription")
        self._need_vpc(properties.get("VpcId"))
        for name in ("SecurityGroupIngress", "SecurityGroupEgress"):
            for rule in properties.get(name) or []:
                self._check_rule(rule)
        wanted, vpc = properties.get("GroupName"), properties.get("VpcId")
        mine = {tag["Value"] for tag in properties.get("Tags") or [] if tag["Key"] == "aws:cloudformation:logical-id"}
        for group in self._emulator.security_groups.values():
            tags = self._emulator.ec2_tags.get(group["GroupId"], [])
            ours = any(t["Key"] == "aws:cloudformation:logical-id" and t["Value"] in mine for t in tags)
            if wanted and (group["GroupName"], group["VpcId"]) == (wanted, vpc) and not ours:
                raise failed(
                    f"The security group '{wanted}' already exists for VPC '{vpc}'", "Ec2", code="AlreadyExists"
                )

    def _check_rule(self, rule: Properties) -> None:
        self.need_groups([g for g in (rule.get("SourceSecurityGroupId"), rule.get("DestinationSecurityGroupId")) if g])
        for key in ("CidrIp", "CidrIpv6"):
            if rule.get(key):
                try:
                    ipaddress.ip_network(rule[key])
                except ValueError:
                    raise failed(f"CIDR block {rule[key]} is malformed", "Ec2") from None

    def check_attachment(self, logical_id: str, properties: Properties) -> None:
        require(logical_id, properties, "VpcId")
        self._need_vpc(properties["VpcId"])

    def check_route(self, logical_id: str, properties: Properties) -> None:
        require(logical_id, properties, "RouteTableId")
        table = properties["RouteTableId"]
        if table not in self._emulator.route_tables:
            raise failed(f"The routeTable ID '{table}' does not exist", "Ec2", code="NotFound")
        gateway = properties.get("GatewayId")
        if gateway and gateway.startswith("igw-"):
            vpc = self._emulator.route_tables[table]["VpcId"]
            attached = self._emulator.gateways.get(gateway, {}).get("Attachments", [])
            if not any(attachment.get("VpcId") == vpc for attachment in attached):
                raise failed(f"route table {table} and network gateway {gateway} belong to different networks", "Ec2")

    # -- users before deletion -------------------------------------------------------------------------

    def _live_instances(self) -> Iterator[dict[str, Any]]:
        return (i for i in self._emulator.instances.values() if i["State"]["Name"] != "terminated")

    def vpc_users(self, vpc: str, _properties: Properties) -> None:
        emulator = self._emulator
        groups = (g for g in emulator.security_groups.values() if g["GroupName"] != "default")
        gateways = (a for g in emulator.gateways.values() for a in g.get("Attachments", []))
        if any(one.get("VpcId") == vpc for many in (emulator.subnets.values(), groups, gateways) for one in many):
            raise failed(f"The vpc '{vpc}' has dependencies and cannot be deleted.", "Ec2")

    def subnet_users(self, subnet: str, _properties: Properties) -> None:
        emulator = self._emulator
        used = any(i.get("SubnetId") == subnet for i in self._live_instances())
        used |= any(n["SubnetId"] == subnet and n["State"] != "deleted" for n in emulator.nat_gateways.values())
        used |= any(subnet in lb.get("Subnets", []) for lb in emulator.load_balancers.values())
        used |= any(
            subnet == member["SubnetIdentifier"]
            for database in emulator.databases.values()
            for member in database["DBSubnetGroup"].get("Subnets", [])
        )
        used |= any(
            subnet == member["SubnetIdentifier"]
            for cache in emulator.cache_groups.values()
            for member in emulator.cache_subnet_groups.get(cache["CacheSubnetGroupName"], {}).get("Subnets", [])
        )
        if used:
            raise failed(f"The subnet '{subnet}' has dependencies and cannot be deleted.", "Ec2")

    def group_users(self, group: str, _properties: Properties) -> None:
        emulator = self._emulator
        used = any(g["GroupId"] == group for i in self._live_instances() for g in i["SecurityGroups"])
        used |= any(group in lb.get("SecurityGroups", []) for lb in emulator.load_balancers.values())
        used |= any(
            g["VpcSecurityGroupId"] == group for d in emulator.databases.values() for g in d["VpcSecurityGroups"]
        )
        used |= any(g["SecurityGroupId"] == group for c in emulator.cache_groups.values() for g in c["SecurityGroups"])
        used |= any(
            pair.get("GroupId") == group
            for other in emulator.security_groups.values()
            if other["GroupId"] != group
            for permission in other.get("IpPermissions", []) + other.get("IpPermissionsEgress", [])
            for pair in permission.get("UserIdGroupPairs", [])
        )
        if used:
            raise failed(f"resource {group} has a dependent object", "Ec2")

    def attachment_users(self, _physical_id: str, properties: Properties) -> None:
        vpc = properties.get("VpcId")
        if any(n["VpcId"] == vpc and n["State"] != "deleted" for n in self._emulator.nat_gateways.values()):
            raise failed(
                f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) "
                "before detaching the gateway.",
                "Ec2",
            )

    # -- types of ours ---------------------------------------------------------------------------------

    def retag(self, physical_id: str, _old: Properties, new: Properties, _stack: str, _logical_id: str) -> Made:
        """Tags are all that changes in place of these types."""
        for allocation, record in self._emulator.addresses.items():
            if record["PublicIp"] == physical_id:
                tag(self._site, allocation, new)
                return physical_id, {"AllocationId": allocation, "PublicIp": physical_id}
        tag(self._site, physical_id, new)
        name = "NatGatewayId" if physical_id.startswith("nat-") else "Id"
        return physical_id, {name: physical_id}

    def rule(self, prop: str) -> Kind:
        """A rule as a resource of its own, added by the security group type's own update."""
        update = self._own["AWS::EC2::SecurityGroup"].update
        assert update is not None
        apply = update

        def change(group: str, old: list[Properties], new: list[Properties]) -> None:
            record = self._emulator.security_groups.get(group)
            if record is None:
                return
            base = {
                "GroupName": record["GroupName"],
                "GroupDescription": record["Description"],
                "VpcId": record["VpcId"],
            }
            apply(group, {**base, prop: old}, {**base, prop: new}, "", group)

        def create(logical_id: str, properties: Properties, _stack: str) -> Made:
            require(logical_id, properties, "IpProtocol", "GroupId")
            self.need_groups([properties["GroupId"]])
            self._check_rule(properties)
            change(properties["GroupId"], [], [properties])
            physical_id = f"sgr-{secrets.token_hex(9)[:17]}"
            return physical_id, {"Id": physical_id}

        def delete(_physical_id: str, properties: Properties) -> None:
            change(properties["GroupId"], [properties], [])

        return Kind(
            create,
            delete,
            lambda physical_id, _old, _new, _stack, _logical_id: (physical_id, {"Id": physical_id}),
            replacing=RULE_REPLACES,
        )

    def create_eip(self, _logical_id: str, properties: Properties, _stack: str) -> Made:
        allocation = f"eipalloc-{secrets.token_hex(9)[:17]}"
        used = {record["PublicIp"] for record in self._emulator.addresses.values()}
        # TEST-NET-3 and TEST-NET-2 (RFC 5737): never anybody's real address.
        pool = (f"{net}.{last}" for net in ("203.0.113", "198.51.100") for last in range(1, 255))
        public = next((address for address in pool if address not in used), None)
        if public is None:
            raise failed("The maximum number of addresses has been reached.", "Ec2", code="ServiceLimitExceeded")
        self._emulator.addresses[allocation] = {
            "AllocationId": allocation,
            "PublicIp": public,
            "Domain": "vpc",
            "AssociationId": None,
            "InstanceId": properties.get("InstanceId"),
            "NetworkInterfaceId": None,
            "PrivateIpAddress": None,
        }
        tag(self._site, allocation, properties)
        # Ref gives the address, Fn::GetAtt AllocationId the id (CloudFormation reference, AWS::EC2::EIP).
        return public, {"AllocationId": allocation, "PublicIp": public}

    def delete_eip(self, physical_id: str, _properties: Properties) -> None:
        for allocation, record in list(self._emulator.addresses.items()):
            if record["PublicIp"] == physical_id:
                self._emulator.addresses.pop(allocation)
                self._emulator.ec2_tags.pop(allocation, None)

    def create_nat(self, logical_id: str, properties: Properties, _stack: str) -> Made:
        require(logical_id, properties, "SubnetId")
        subnet, allocation = properties["SubnetId"], properties.get("AllocationId")
        if subnet not in self._emulator.subnets:
            raise failed(f"The subnet ID '{subnet}' does not exist", "Ec2", code="NotFound")
        if properties.get("ConnectivityType", "public") == "public":
            require(logical_id, properties, "AllocationId")
            if allocation not in self._emulator.addresses:
                raise failed(f"The allocation ID '{allocation}' does not exist", "Ec2", code="NotFound")
        nat = f"nat-{secrets.token_hex(9)[:17]}"
        self._emulator.nat_gateways[nat] = {
            "NatGatewayId": nat,
            "SubnetId": subnet,
            "VpcId": self._emulator.subnets[subnet]["VpcId"],
            "AllocationId": allocation,
            "ConnectivityType": properties.get("ConnectivityType", "public"),
            "State": "available",
            "PrivateIp": free_address(self._emulator, subnet),
            "CreateTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "Tags": [],
        }
        tag(self._site, nat, properties)
        return nat, {"NatGatewayId": nat}

    def delete_nat(self, physical_id: str, _properties: Properties) -> None:
        self._emulator.nat_gateways.pop(physical_id, None)
        self._emulator.ec2_tags.pop(physical_id, None)

    def create_endpoint(self, logical_id: str, properties: Properties, _stack: str) -> Made:
        require(logical_id, properties, "SubnetId")
        if properties["SubnetId"] not in self._emulator.subnets:
            raise failed(f"The subnet ID '{properties['SubnetId']}' does not exist", "Ec2", code="NotFound")
        self.need_groups(properties.get("SecurityGroupIds"))
        endpoint = f"eice-{secrets.token_hex(9)[:17]}"
        tag(self._site, endpoint, properties)
        return endpoint, {"Id": endpoint}
