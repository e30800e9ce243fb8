"""What nobody holds in an account of the local cloud: resources that no stack knows, for tests that break things."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hivemind.testing.clients import raw

if TYPE_CHECKING:
    from hivemind.local.cloud import LocalCloud


def orphans(cloud: LocalCloud) -> tuple[str, ...]:
    """Every resource of the account that is in none of its stacks, as `TYPE ID`. Final snapshots are none."""
    held = _held(raw(cloud, "cloudformation"))
    return tuple(sorted(one for one in _all(cloud) if one.partition(" ")[2] not in held))


def _held(client: Any) -> set[str]:
    held: set[str] = set()
    for stack in client.describe_stacks()["Stacks"]:
        for page in client.get_paginator("list_stack_resources").paginate(StackName=stack["StackId"]):
            held |= {one.get("PhysicalResourceId", "") for one in page["StackResourceSummaries"]}
    return held


def _all(cloud: LocalCloud) -> Iterator[str]:
    ec2, elb, rds = raw(cloud, "ec2"), raw(cloud, "elbv2"), raw(cloud, "rds")
    for reservation in ec2.describe_instances()["Reservations"]:
        for one in reservation["Instances"]:
            if one["State"]["Name"] != "terminated":
                yield f"instance {one['InstanceId']}"
    yield from (f"vpc {one['VpcId']}" for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"])
    made = {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]}
    yield from (f"subnet {one['SubnetId']}" for one in ec2.describe_subnets()["Subnets"] if one["VpcId"] in made)
    groups = ec2.describe_security_groups()["SecurityGroups"]
    yield from (f"group {one['GroupId']}" for one in groups if one["GroupName"] != "default")
    yield from (f"key {one['KeyName']}" for one in ec2.describe_key_pairs()["KeyPairs"])
    yield from (f"balancer {one['LoadBalancerArn']}" for one in elb.describe_load_balancers()["LoadBalancers"])
    yield from (f"targets {one['TargetGroupArn']}" for one in elb.describe_target_groups()["TargetGroups"])
    yield from (f"database {one['DBInstanceIdentifier']}" for one in rds.describe_db_instances()["DBInstances"])
    iam, s3 = raw(cloud, "iam"), raw(cloud, "s3")
    own = (one["RoleName"] for one in iam.list_roles()["Roles"] if "/aws-" not in one["Path"])
    yield from (f"role {name}" for name in own)
    yield from (f"bucket {one['Name']}" for one in s3.list_buckets()["Buckets"])
    secrets = raw(cloud, "secretsmanager").list_secrets()["SecretList"]
    yield from (f"secret {one['ARN']}" for one in secrets)
