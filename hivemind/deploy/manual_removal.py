"""What a person runs where CloudFormation cannot delete a stack, not even by force: commands, in an order that works.

The commands are those of the AWS CLI (AWS CLI Command Reference, version 2). A type without a command of its own is
deleted by Cloud Control, which knows most types.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hivemind.deploy.calls import StackResource

_SNAPSHOT = " --final-snapshot-identifier {id}-final"
_COMMANDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "AWS::AutoScaling::AutoScalingGroup": (
            "aws autoscaling delete-auto-scaling-group --auto-scaling-group-name {id} --force-delete",
        ),
        "AWS::EC2::Instance": ("aws ec2 terminate-instances --instance-ids {id}",),
        "AWS::ElasticLoadBalancingV2::LoadBalancer": ("aws elbv2 delete-load-balancer --load-balancer-arn {id}",),
        "AWS::ElasticLoadBalancingV2::TargetGroup": ("aws elbv2 delete-target-group --target-group-arn {id}",),
        "AWS::RDS::DBInstance": (
            "aws rds modify-db-instance --db-instance-identifier {id} --no-deletion-protection --apply-immediately",
            "aws rds delete-db-instance --db-instance-identifier {id} --final-db-snapshot-identifier {id}-final",
        ),
        "AWS::ElastiCache::ReplicationGroup": (
            "aws elasticache delete-replication-group --replication-group-id {id}" + _SNAPSHOT,
        ),
        "AWS::EC2::NatGateway": ("aws ec2 delete-nat-gateway --nat-gateway-id {id}",),
        "AWS::EC2::InstanceConnectEndpoint": (
            "aws ec2 delete-instance-connect-endpoint --instance-connect-endpoint-id {id}",
        ),
        "AWS::EC2::VPCEndpoint": ("aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {id}",),
        "AWS::S3::Bucket": ("aws s3 rm s3://{id} --recursive", "aws s3 rb s3://{id}"),
        "AWS::SQS::Queue": ("aws sqs delete-queue --queue-url {id}",),
        "AWS::SNS::Topic": ("aws sns delete-topic --topic-arn {id}",),
        "AWS::SecretsManager::Secret": ("aws secretsmanager delete-secret --secret-id {id}",),
        "AWS::Logs::LogGroup": ("aws logs delete-log-group --log-group-name {id}",),
        "AWS::IAM::InstanceProfile": (
            "aws iam get-instance-profile --instance-profile-name {id}",
            "aws iam delete-instance-profile --instance-profile-name {id}",
        ),
        "AWS::IAM::Role": (
            "aws iam list-attached-role-policies --role-name {id}",
            "aws iam delete-role --role-name {id}",
        ),
        "AWS::EC2::SecurityGroup": (
            "aws ec2 describe-network-interfaces --filters Name=group-id,Values={id}",
            "aws ec2 delete-security-group --group-id {id}",
        ),
        "AWS::EC2::Subnet": (
            "aws ec2 describe-network-interfaces --filters Name=subnet-id,Values={id}",
            "aws ec2 delete-subnet --subnet-id {id}",
        ),
        "AWS::EC2::RouteTable": ("aws ec2 delete-route-table --route-table-id {id}",),
        "AWS::EC2::InternetGateway": ("aws ec2 delete-internet-gateway --internet-gateway-id {id}",),
        "AWS::EC2::VPC": (
            "aws ec2 describe-network-interfaces --filters Name=vpc-id,Values={id}",
            "aws ec2 delete-vpc --vpc-id {id}",
        ),
    }
)
"""Type -> commands, in the order of deletion: what others depend on comes last. A `describe`, `get` or `list` shows
what holds the resource."""
_ORDER = tuple(_COMMANDS)
_LAST = (
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::RouteTable",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::VPC",
)
_MOST = 12
"""Resources whose commands are shown; after these are gone, the next try shows what else is left."""


def commands(left: Sequence[StackResource], stack_id: str | None, region: str) -> tuple[str, ...]:
    """The commands that delete what is left of a stack, and then the stack. left: resources that exist. stack_id: None
    where the stack is gone already."""
    named = [one for one in in_order(left) if one.physical_id]
    lines = [
        f"{command.format(id=shlex.quote(one.physical_id))} --region {region}"
        for one in named[:_MOST]
        for command in _COMMANDS.get(
            one.type, (f"aws cloudcontrol delete-resource --type-name {one.type} --identifier {{id}}",)
        )
    ]
    if stack_id is None:
        return tuple(lines)
    return (*lines, f"aws cloudformation delete-stack --stack-name {shlex.quote(stack_id)} --region {region}")


def instructions(
    left: Sequence[StackResource], stack_id: str | None, region: str, *, local: bool, again: str | None = None
) -> str:
    """The commands with what to do before and after them. local: whether the stack is in the local cloud. again: the
    HiveMind command that ends what was begun; None where nothing of it is left but this."""
    before = ['eval "$(hivemind local env)"'] if local else []
    lines = "\n".join(f"  {line}" for line in (*before, *commands(left, stack_id, region)))
    rest = f"\nThen run `{again}` again." if again else ""
    return f"Remove by hand what is left, in this order:\n{lines}{rest}"


def in_order(left: Sequence[StackResource]) -> tuple[StackResource, ...]:
    """Resources in the order in which they can be deleted: what others depend on comes last."""
    return tuple(sorted(left, key=lambda one: (_place(one.type), one.logical_id)))


def _place(kind: str) -> tuple[int, int]:
    """In the order of deletion: what has no command of its own goes before the network."""
    if kind not in _COMMANDS:
        return (1, 0)
    return (2 if kind in _LAST else 0, _ORDER.index(kind))
