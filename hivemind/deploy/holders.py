"""What holds a resource that could not be deleted: asked of the service itself, since CloudFormation's reason names
it only now and then. Every call only reads; what may not be read is not said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from types import MappingProxyType
from typing import Any

from hivemind.deploy.calls import StackResource
from hivemind.values.cloud import Cloud
from hivemind.values.errors import HiveMindError

MOST = 5
"""Holders of one resource that are named."""
Client = Callable[[str], Any]


def holders(cloud: Cloud, resource: StackResource) -> tuple[str, ...]:
    """What holds a resource, in words: `network interface eni-1 (ELB app/shop/5f)`. Empty where nobody knows."""
    ask = _BY_TYPE.get(resource.type)
    if ask is None or not resource.physical_id:
        return ()
    found: list[str] = []
    # What was said before one question was refused counts.
    with suppress(HiveMindError, LookupError, TypeError):
        found.extend(islice(ask(cloud.client, resource.physical_id), MOST))
    return tuple(found)


def held_by(cloud: Cloud, resource: StackResource) -> str:
    """The resource with what holds it: `Web (AWS::EC2::SecurityGroup) sg-1, held by ...`, without the last part where
    nobody knows."""
    found = ", ".join(holders(cloud, resource))
    named = f"{resource} {resource.physical_id}".rstrip()
    return f"{named}, held by {found}" if found else named


def _interfaces(client: Client, filter_name: str, value: str) -> Iterator[str]:
    asked = [{"Name": filter_name, "Values": [value]}]
    for one in client("ec2").describe_network_interfaces(Filters=asked)["NetworkInterfaces"]:
        attached = one.get("Attachment", {}).get("InstanceId")
        whose = f"instance {attached}" if attached else one.get("Description") or one.get("InterfaceType", "")
        yield f"network interface {one['NetworkInterfaceId']}" + (f" ({whose})" if whose else "")


def _security_group(client: Client, group: str) -> Iterator[str]:
    yield from _interfaces(client, "group-id", group)
    for direction in ("ip-permission.group-id", "egress.ip-permission.group-id"):
        asked = [{"Name": direction, "Values": [group]}]
        for one in client("ec2").describe_security_groups(Filters=asked)["SecurityGroups"]:
            if one["GroupId"] != group:
                yield f"a rule of security group {one['GroupId']} ({one.get('GroupName', '')})"


def _vpc(client: Client, vpc: str) -> Iterator[str]:
    yield from _interfaces(client, "vpc-id", vpc)
    asked = [{"Name": "vpc-id", "Values": [vpc]}]
    for one in client("ec2").describe_security_groups(Filters=asked)["SecurityGroups"]:
        if one.get("GroupName") != "default":
            yield f"security group {one['GroupId']} ({one.get('GroupName', '')})"
    for one in client("ec2").describe_subnets(Filters=asked)["Subnets"]:
        yield f"subnet {one['SubnetId']}"


def _internet_gateway(client: Client, gateway: str) -> Iterator[str]:
    """What has a public address in its network. gateway: of an attachment, `VPC|igw-1` or `igw-1`."""
    name = gateway.rpartition("|")[2]
    found = client("ec2").describe_internet_gateways(InternetGatewayIds=[name])["InternetGateways"]
    for attachment in found[0].get("Attachments", ()):
        asked = [{"Name": "vpc-id", "Values": [attachment["VpcId"]]}]
        for one in client("ec2").describe_network_interfaces(Filters=asked)["NetworkInterfaces"]:
            address = one.get("Association", {}).get("PublicIp")
            if address:
                whose = one.get("Description") or one["NetworkInterfaceId"]
                yield f"public address {address} of {whose}"


def _bucket(client: Client, bucket: str) -> Iterator[str]:
    page = client("s3").list_object_versions(Bucket=bucket, MaxKeys=1000)
    count = len(page.get("Versions", ())) + len(page.get("DeleteMarkers", ()))
    if count:
        more = "at least " if page.get("IsTruncated") else ""
        yield f"{more}{count:,} object{'s' if count > 1 else ''} and versions in it"


def _role(client: Client, role: str) -> Iterator[str]:
    iam = client("iam")
    for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        yield f"policy {one['PolicyName']}"
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield f"inline policy {name}"
    for one in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
        yield f"instance profile {one['InstanceProfileName']}"


def _subnet_group(client: Client, group: str) -> Iterator[str]:
    for page in client("rds").get_paginator("describe_db_instances").paginate():
        for one in page["DBInstances"]:
            if one.get("DBSubnetGroup", {}).get("DBSubnetGroupName") == group:
                yield f"database {one['DBInstanceIdentifier']}"


def _database(client: Client, name: str) -> Iterator[str]:
    (one,) = client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    if one.get("DeletionProtection"):
        yield "its deletion protection"
    for replica in one.get("ReadReplicaDBInstanceIdentifiers", ()):
        yield f"read replica {replica}"


def _balancer(client: Client, arn: str) -> Iterator[str]:
    for one in client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]:
        if one["Key"] == "deletion_protection.enabled" and one["Value"] == "true":
            yield "its deletion protection"


def _target_group(client: Client, arn: str) -> Iterator[str]:
    for one in client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]:
        for balancer in one.get("LoadBalancerArns", ()):
            yield f"a listener of load balancer {balancer.partition('loadbalancer/')[2] or balancer}"


_BY_TYPE: Mapping[str, Callable[[Client, str], Iterator[str]]] = MappingProxyType(
    {
        "AWS::EC2::SecurityGroup": _security_group,
        "AWS::EC2::Subnet": lambda client, subnet: _interfaces(client, "subnet-id", subnet),
        "AWS::EC2::VPC": _vpc,
        "AWS::EC2::InternetGateway": _internet_gateway,
        "AWS::EC2::VPCGatewayAttachment": _internet_gateway,
        "AWS::S3::Bucket": _bucket,
        "AWS::IAM::Role": _role,
        "AWS::RDS::DBSubnetGroup": _subnet_group,
        "AWS::RDS::DBInstance": _database,
        "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
        "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group,
    }
)
"""Type -> what asks for the holders of such a resource by its physical id."""
