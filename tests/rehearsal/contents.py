"""What is in the rehearsal's account, by the APIs of AWS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.session import Session

if TYPE_CHECKING:
    from room import MachineRoom


def contents(room: MachineRoom) -> set[tuple[str, str]]:
    """Kind and id of everything that a deployment could leave behind."""
    return set(_contents(room))


def client(room: MachineRoom, service: str) -> Any:
    """A client of botocore, as anybody has it."""
    given = room.environment
    return Session().create_client(
        service,
        region_name=given["AWS_DEFAULT_REGION"],
        endpoint_url=room.api,
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )


LISTS = (
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_volumes", "Volumes", "VolumeId"),
    ("ec2", "describe_key_pairs", "KeyPairs", "KeyName"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_instance_connect_endpoints", "InstanceConnectEndpoints", "InstanceConnectEndpointId"),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("secretsmanager", "list_secrets", "SecretList", "ARN"),
    ("ssm", "describe_parameters", "Parameters", "Name"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    ("cloudformation", "describe_stacks", "Stacks", "StackId"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
)


def _contents(room: MachineRoom) -> Iterator[tuple[str, str]]:
    clients: dict[str, Any] = {}
    for service, operation, key, name in LISTS:
        if service not in clients:
            clients[service] = client(room, service)
        for one in getattr(clients[service], operation)()[key]:
            if not str(one[name]).startswith("/aws/"):  # AWS's own
                yield key, one[name]
    for reservation in clients["ec2"].describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] != "terminated":
                yield "Instances", instance["InstanceId"]
    for name in room.machines:
        yield "machines", name
