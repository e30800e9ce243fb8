"""The current state of a deployment: the stack, its instances, what the load balancer says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import read
from hivemind.plan.make import USABLE
from hivemind.releases.targets import GONE, TargetHealth, target_health
from hivemind.template.names import target_group
from hivemind.template.resource_types import CACHE, DATABASE, INSTANCE, TARGET_GROUP

if TYPE_CHECKING:
    from hivemind.plan.model import Snapshot
    from hivemind.values.cloud import Cloud

SERVICE_TAG = "hivemind:service"


@dataclass(frozen=True)
class InstanceStatus:
    """An instance of a service. state: EC2's word. health: the load balancer's, None where it is not registered there.
    web: whether its service gets requests from the load balancer."""

    id: str
    state: str
    health: TargetHealth | None
    web: bool = False

    @property
    def works(self) -> bool:
        """Whether it runs and, for a web service, receives traffic."""
        return self.state == "running" and (self.health.is_healthy if self.health else not self.web)


@dataclass(frozen=True)
class LiveStatus:
    """status: of the stack, None where there is none. services: name -> instances. databases: logical id ->
    status as RDS or ElastiCache says it."""

    status: str | None
    services: Mapping[str, tuple[InstanceStatus, ...]]
    databases: Mapping[str, str]

    @property
    def works(self) -> bool:
        """Whether the stack is complete, or as it was before an update that failed, and every instance works."""
        return self.status in USABLE and all(one.works for instances in self.services.values() for one in instances)


def live_status(cloud: Cloud, stack: str) -> LiveStatus:
    """Asks the cloud; nothing of the answer comes from a state. stack: name or id."""
    snapshot = read(cloud, stack)
    if snapshot.status is None:
        return LiveStatus(None, {}, {})
    health = {
        one.target.instance_id: one
        for arn in ids_of(snapshot, TARGET_GROUP).values()
        for one in target_health(cloud, arn)
        if one.state != GONE or one.reason != "Target.NotRegistered"
    }
    held = {**_databases(cloud, snapshot), **_caches(cloud, snapshot)}
    return LiveStatus(snapshot.status, _services(cloud, snapshot, health), held)


def ids_of(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """Logical id -> physical id of the resources of a type that exist."""
    resources = snapshot.template.get("Resources", {})
    return {
        name: snapshot.physical_ids[name]
        for name, definition in sorted(resources.items())
        if definition.get("Type") == kind and name in snapshot.physical_ids
    }


def _services(
    cloud: Cloud, snapshot: Snapshot, health: Mapping[str, TargetHealth]
) -> Mapping[str, tuple[InstanceStatus, ...]]:
    ids = ids_of(snapshot, INSTANCE)
    if not ids:
        return {}
    answer = cloud.client("ec2").describe_instances(Filters=[{"Name": "instance-id", "Values": sorted(ids.values())}])
    states = {
        one["InstanceId"]: str(one["State"]["Name"])
        for reservation in answer["Reservations"]
        for one in reservation["Instances"]
    }
    groups = ids_of(snapshot, TARGET_GROUP)
    services: dict[str, tuple[InstanceStatus, ...]] = {}
    for name, instance_id in ids.items():
        service = service_of(snapshot.template["Resources"][name])
        found = InstanceStatus(
            instance_id, states.get(instance_id, "gone"), health.get(instance_id), target_group(service) in groups
        )
        services[service] = (*services.get(service, ()), found)
    return services


def service_of(definition: Mapping[str, object]) -> str:
    """The service that an instance belongs to, as its tag says."""
    properties = definition.get("Properties")
    tags = properties.get("Tags", []) if isinstance(properties, Mapping) else []
    return next((str(tag["Value"]) for tag in tags if tag.get("Key") == SERVICE_TAG), "?")


def _databases(cloud: Cloud, snapshot: Snapshot) -> Mapping[str, str]:
    ids = ids_of(snapshot, DATABASE)
    if not ids:
        return {}
    named = [{"Name": "db-instance-id", "Values": sorted(ids.values())}]
    answer = cloud.client("rds").describe_db_instances(Filters=named)
    states = {one["DBInstanceIdentifier"]: str(one["DBInstanceStatus"]) for one in answer["DBInstances"]}
    return {name: states.get(identifier, "gone") for name, identifier in ids.items()}


def _caches(cloud: Cloud, snapshot: Snapshot) -> Mapping[str, str]:
    ids = ids_of(snapshot, CACHE)
    if not ids:
        return {}
    states: dict[str, str] = {}
    for page in cloud.client("elasticache").get_paginator("describe_replication_groups").paginate():
        states |= {one["ReplicationGroupId"]: str(one["Status"]) for one in page["ReplicationGroups"]}
    return {name: states.get(identifier, "gone") for name, identifier in ids.items()}
