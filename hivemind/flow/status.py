"""The current state of a deployment: the stack, its instances, what the load balancer says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import read
from hivemind.plan.colours import standing
from hivemind.releases import groups
from hivemind.releases.groups import Group
from hivemind.releases.jobs import JobState
from hivemind.releases.release import ProcessState
from hivemind.releases.targets import GONE, REGISTERED, TargetHealth, target_health
from hivemind.template.hours import rests_until
from hivemind.template.jobs import jobs_in
from hivemind.template.maintenance import Maintenance, maintenance_of
from hivemind.template.names import colour_of, target_group
from hivemind.template.resource_types import CACHE, DATABASE, INSTANCE, SCALING_GROUP, TARGET_GROUP
from hivemind.template.scaled import scaled_in
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.stack_statuses import is_ready

if TYPE_CHECKING:
    from hivemind.blueprint.scaled import Scaled
    from hivemind.plan.model import Snapshot
    from hivemind.values.cloud import Cloud

SERVICE_TAG = "hivemind:service"
STEADY = 10.0
"""Seconds after a restart in which a process does not count as up yet."""
GOOD_DATABASES = frozenset({"available", "backing-up", "modifying", "snapshotting", "storage-optimization"})
"""States of a database or cache in which it answers."""


RESTING = frozenset({"stopping", "stopped"})
"""States of instances and databases outside of their hours of operation."""


def resting(state: str, until: datetime | None) -> str:
    """A state, with when it ends where it is a rest. until: None outside of a rest."""
    return f"{state} until {until:%A %H:%M} {until.tzinfo}" if until and state in RESTING else state


@dataclass(frozen=True)
class InstanceStatus:
    """An instance of a service. state: EC2's word. health: the load balancer's, None where it is not registered there.
    web: whether its service gets requests from the load balancer. process: of a service that does not, what runs it;
    None where nobody was asked. trouble: why that could not be asked. rests_until: when it starts, where its hours of
    operation keep it stopped now. jobs: names of those that it runs."""

    id: str
    state: str
    health: TargetHealth | None
    web: bool = False
    process: ProcessState | None = None
    trouble: str | None = None
    rests_until: datetime | None = None
    jobs: tuple[str, ...] = ()

    @property
    def rests(self) -> bool:
        """Whether its hours of operation keep it stopped now."""
        return self.rests_until is not None and self.state in RESTING

    @property
    def works(self) -> bool:
        """Whether it runs and, for a web service, receives traffic; for another, its process stays up. What its hours
        of operation keep stopped is in order."""
        if self.rests:
            return True
        if self.state != "running":
            return False
        if self.web or self.health:
            return bool(self.health and self.health.is_healthy)
        return self.process is None or not is_failing(self.process)

    @property
    def words(self) -> str:
        """How it is, in words."""
        if self.state != "running":
            return resting(self.state, self.rests_until)
        if self.health is not None:
            why = self.health.description or self.health.reason
            return self.health.state + (f": {why}" if why and not self.health.is_healthy else "")
        if self.web:
            return "running, not registered with the load balancer"
        if self.process is None:
            return f"running; its process is unknown: {self.trouble}" if self.trouble else "running"
        times = f"{self.process.restarts} time{'s' if self.process.restarts != 1 else ''}"
        again = f", restarted {times}" if self.process.restarts else ""
        return ("running" if self.works else f"its process is {_word(self.process)}") + again


@dataclass(frozen=True)
class LiveStatus:
    """status: of the stack, None where there is none. services: name -> instances. databases: logical id ->
    status as RDS or ElastiCache says it. rests: logical id -> when a database starts that its hours keep stopped.
    scaled: services whose number of instances is that of `hivemind scale`.
    maintenance: the page that the load balancer shows in place of the application, None for none.
    jobs: name -> state, of those that were asked for. groups: name of a service -> the Auto Scaling group of its
    instances. resting: name of a service -> instances that have the release before and get no requests: a way back, or
    what a run that ended left behind."""

    status: str | None
    services: Mapping[str, tuple[InstanceStatus, ...]]
    databases: Mapping[str, str]
    rests: Mapping[str, datetime] = field(default_factory=dict)
    jobs: Mapping[str, JobState] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    maintenance: Maintenance | None = None
    resting: Mapping[str, tuple[InstanceStatus, ...]] = field(default_factory=dict)
    scaled: Mapping[str, Scaled] = field(default_factory=dict)

    def problems(self) -> Iterator[str]:
        """What is not in order, a sentence each."""
        if self.status is None:
            yield "The stack is missing."
            return
        if not is_ready(self.status):
            yield f"The stack is in {self.status}."
        if self.maintenance is not None:
            yield "Maintenance is on: every request gets 503."
        for service, instances in self.services.items():
            for one in instances:
                if not one.works:
                    yield f"{service} {one.id}: {one.words}."
        yield from self._troubled_groups()
        for name, state in self.databases.items():
            if state not in GOOD_DATABASES and not (state in RESTING and name in self.rests):
                yield f"{name} is {state}."
        for name, job in self.jobs.items():
            if job.trouble is not None:
                yield f"The job {name} is unknown: {job.trouble}."
            elif job.last is not None and job.last.failed:
                yield f"The last run of the job {name} failed: {job.last.ending}."

    def _troubled_groups(self) -> Iterator[str]:
        for service, group in self.groups.items():
            if len(group.instances) < group.desired:
                yield f"{service} has {len(group.instances)} of {group.desired} instances."
            if group.suspended:
                yield (
                    f"The group of {service} is held ({', '.join(group.suspended)}): it does not replace what breaks. "
                    "The next release ends that."
                )

    @property
    def works(self) -> bool:
        """Whether the stack is complete, or as it was before an update that failed, and every instance works."""
        return is_ready(self.status) and all(one.works for instances in self.services.values() for one in instances)


def is_failing(process: ProcessState) -> bool:
    """Whether a process does not stay up: it is down now, or was started again moments ago."""
    return _word(process) != "running"


def _word(process: ProcessState) -> str:
    fresh = process.restarts and process.seconds is not None and process.seconds < STEADY
    return "restarting" if process.state == "running" and fresh else process.state


def live_status(cloud: Cloud, stack: str, clock: Clock = SYSTEM_CLOCK) -> LiveStatus:
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
    resources = snapshot.template.get("Resources", {})
    rests = {name: until for name, one in resources.items() if (until := rests_until(one, clock.now()))}
    found = {
        service_of(resources[name]): groups.group(cloud, one) for name, one in ids_of(snapshot, SCALING_GROUP).items()
    }
    scaled = {service: group for service, group in sorted(found.items()) if group is not None}
    every = _services(cloud, snapshot, health, rests, scaled)
    unused = _unused(snapshot, every)
    services = {name: tuple(one for one in each if one.id not in unused) for name, each in every.items()}
    others = {name: tuple(one for one in each if one.id in unused) for name, each in every.items()}
    resting = {name: each for name, each in others.items() if each}
    return LiveStatus(
        snapshot.status,
        services,
        held,
        rests,
        groups=scaled,
        maintenance=maintenance_of(snapshot.template),
        resting=resting,
        scaled=scaled_in(snapshot.template),
    )


def _unused(snapshot: Snapshot, services: Mapping[str, tuple[InstanceStatus, ...]]) -> frozenset[str]:
    """EC2 ids of instances of a colour that does not serve, where another one does."""
    found: set[str] = set()
    for service, instances in services.items():
        in_use = {one.id for one in instances if one.health and one.health.state in REGISTERED}
        known = standing(service, snapshot, registered=in_use)
        others = set(known.resting) - {known.coming}
        if in_use:
            ids = snapshot.physical_ids
            found |= {ids[name] for name in ids if colour_of(service, name) in others}
    return frozenset(found)


def ids_of(snapshot: Snapshot, kind: str) -> dict[str, str]:
    """Logical id -> physical id of the resources of a type that exist."""
    resources = snapshot.template.get("Resources", {})
    return {
        name: snapshot.physical_ids[name]
        for name, definition in sorted(resources.items())
        if definition.get("Type") == kind and name in snapshot.physical_ids
    }


def _services(
    cloud: Cloud,
    snapshot: Snapshot,
    health: Mapping[str, TargetHealth],
    rests: Mapping[str, datetime],
    scaled: Mapping[str, Group],
) -> Mapping[str, tuple[InstanceStatus, ...]]:
    """The instances of each service, those that are resources of the stack and those of its group."""
    resources, ids = snapshot.template.get("Resources", {}), ids_of(snapshot, INSTANCE)
    every = [(service_of(resources[name]), one, name) for name, one in ids.items()]
    every += [(service, one, "") for service, group in scaled.items() for one in group.instances]
    if not every:
        return dict.fromkeys(scaled, ())
    asked = sorted({one for _, one, _ in every})
    answer = cloud.client("ec2").describe_instances(Filters=[{"Name": "instance-id", "Values": asked}])
    states = {
        one["InstanceId"]: str(one["State"]["Name"])
        for reservation in answer["Reservations"]
        for one in reservation["Instances"]
    }
    balanced = ids_of(snapshot, TARGET_GROUP)
    services: dict[str, tuple[InstanceStatus, ...]] = dict.fromkeys(scaled, ())
    for service, one, name in every:
        found = InstanceStatus(
            one,
            states.get(one, "gone"),
            health.get(one),
            target_group(service) in balanced,
            rests_until=rests.get(name),
            jobs=jobs_in(resources.get(name, {})),
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
