"""Deletion protection: what of a stack AWS refuses to delete, and taking that off where the user says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hivemind.deploy.calls import StackResource
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud

_GONE = frozenset(
    {
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "DBClusterNotFoundFault",
        "LoadBalancerNotFound",
    }
)
BALANCER_ATTRIBUTE = "deletion_protection.enabled"


@dataclass(frozen=True)
class _Kind:
    """asks: whether a resource, by its physical id, is protected. lifts: takes the protection off."""

    asks: Callable[[Cloud, str], bool]
    lifts: Callable[[Cloud, str], None]


def guarded(cloud: Cloud, resources: Iterable[StackResource]) -> tuple[StackResource, ...]:
    """Those of some resources that have deletion protection now. What is gone has none. Raises CloudCallFailed."""
    return tuple(one for one in resources if one.type in _KINDS and _is_guarded(cloud, one))


def lift(cloud: Cloud, resources: Iterable[StackResource]) -> None:
    """Takes deletion protection off, of those that have it. Raises CloudCallFailed."""
    for one in guarded(cloud, resources):
        _KINDS[one.type].lifts(cloud, one.physical_id)


def _is_guarded(cloud: Cloud, resource: StackResource) -> bool:
    try:
        return _KINDS[resource.type].asks(cloud, resource.physical_id)
    except CloudCallFailed as error:
        if error.code in _GONE:
            return False
        raise


def _database(cloud: Cloud, name: str) -> bool:
    found = cloud.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return any(one.get("DeletionProtection", False) for one in found)


def _free_database(cloud: Cloud, name: str) -> None:
    cloud.client("rds").modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)


def _cluster(cloud: Cloud, name: str) -> bool:
    found = cloud.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    return any(one.get("DeletionProtection", False) for one in found)


def _free_cluster(cloud: Cloud, name: str) -> None:
    cloud.client("rds").modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False, ApplyImmediately=True)


def _balancer(cloud: Cloud, arn: str) -> bool:
    found = cloud.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return any(one["Key"] == BALANCER_ATTRIBUTE and one["Value"] == "true" for one in found)


def _free_balancer(cloud: Cloud, arn: str) -> None:
    off = [{"Key": BALANCER_ATTRIBUTE, "Value": "false"}]
    cloud.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "AWS::RDS::DBInstance": _Kind(_database, _free_database),
        "AWS::RDS::DBCluster": _Kind(_cluster, _free_cluster),
        "AWS::ElasticLoadBalancingV2::LoadBalancer": _Kind(_balancer, _free_balancer),
    }
)
