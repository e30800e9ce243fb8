"""H488: whether names that a template gives are free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hivemind.aws.preflight.subject import Subject
from hivemind.template.limits import written_name
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity

Client = Callable[[str], Any]
_NOT_THERE = frozenset(
    {"404", "NoSuchBucket", "DBInstanceNotFound", "DBInstanceNotFoundFault", "LoadBalancerNotFound",
     "TargetGroupNotFound", "InvalidKeyPair.NotFound", "NoSuchEntity", "ReplicationGroupNotFoundFault"}
)  # fmt: skip


def _bucket(client: Client, name: str) -> None:
    try:
        client("s3").head_bucket(Bucket=name)
    except CloudCallFailed as error:
        # Names of buckets are everybody's: one that may not be looked at is somebody's.
        if error.code not in {"403", "AccessDenied", "301", "PermanentRedirect"}:
            raise


_LOOKS: Mapping[str, tuple[str, Callable[[Client, str], Any]]] = MappingProxyType(
    {
        "AWS::EC2::KeyPair": ("KeyName", lambda client, name: client("ec2").describe_key_pairs(KeyNames=[name])),
        "AWS::S3::Bucket": ("BucketName", _bucket),
        "AWS::ElasticLoadBalancingV2::LoadBalancer": (
            "Name", lambda client, name: client("elbv2").describe_load_balancers(Names=[name])),
        "AWS::ElasticLoadBalancingV2::TargetGroup": (
            "Name", lambda client, name: client("elbv2").describe_target_groups(Names=[name])),
        "AWS::RDS::DBInstance": (
            "DBInstanceIdentifier",
            lambda client, name: client("rds").describe_db_instances(DBInstanceIdentifier=name)),
        "AWS::ElastiCache::ReplicationGroup": (
            "ReplicationGroupId",
            lambda client, name: client("elasticache").describe_replication_groups(ReplicationGroupId=name)),
        "AWS::IAM::Role": ("RoleName", lambda client, name: client("iam").get_role(RoleName=name)),
    }
)  # fmt: skip
"""Type -> the property with its name, and a call that fails with one of _NOT_THERE where the name is free."""


def names(subject: Subject) -> Iterator[Finding]:
    """An error for each name that something outside of the stack has already."""
    own = set(subject.snapshot.physical_ids.values())
    for kind, (property_name, ask) in _LOOKS.items():
        for logical_id, properties in subject.made(kind):
            name = written_name(properties.get(property_name), subject.blueprint.stack_name)
            # Load balancers and target groups have their name within their ARN.
            if name is None or any(name == one or f"/{name}/" in one for one in own):
                continue
            try:
                ask(subject.cloud.client, name)
            except CloudCallFailed as error:
                if error.code not in _NOT_THERE:
                    raise
                continue
            yield subject.finding(
                "H488",
                Severity.ERROR,
                f"{property_name} {name} of {logical_id} is taken: something outside of this stack has the name",
                "Delete what has it, or use another `name` or environment. An earlier deployment may have left it.",
                logical_id,
                property_name,
            )
