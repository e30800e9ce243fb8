"""Auto Scaling groups that really start and end instances: to a number, after a death, by a metric.

All methods but `run` and `reopen` are called in worker threads; one at a time works on the groups.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hivemind.local.instance_door import Door
from hivemind.local.model import Datum, TargetState
from hivemind.local.scaling import Load, Size, wanted

if TYPE_CHECKING:
    from hivemind.local.operations import Targets
    from hivemind.local.resource_kind import Properties
    from hivemind.local.resources.compute import Launching
    from hivemind.local.resources.site import Site

log = logging.getLogger("hivemind.local")
LOOK_SECONDS = 2.0
LEAST_COOLDOWN = 20.0
"""Seconds for a change of size to show in the metric, which is sampled every ten."""
LEAST_GRACE = 30.0
"""Seconds for any application to start, however fast health checks are."""
SIGNAL_SECONDS = 120.0
"""For a new instance to say that it is up, in an update of its launch template."""
MANAGED = "_hivemind_group"


class Groups:
    """site: the emulator and what runs instances. launching: starts and ends one. targets: of load balancers. states:
    of a target group's. port: that an instance's application got where instances share ports. changed: called after
    each change, for load balancers to follow. pace: how many times faster than AWS."""

    def __init__(
        self,
        site: Site,
        launching: Launching,
        targets: Targets,
        *,
        states: Callable[[str], tuple[TargetState, ...]],
        port: Callable[[str], int | None],
        changed: Callable[[], None],
        pace: float,
    ) -> None:
        self._site, self._emulator, self._launching, self._targets = site, site.emulator, launching, targets
        self._states, self._port, self._tell, self._pace = states, port, changed, pace
        self._doors: dict[str, Door] = {}
        self._lock = threading.RLock()
        self._signals: set[str] = set()
        self._load: dict[str, tuple[float, float]] = {}
        self._changed: dict[str, float] = {}
        self._closed = False

    # -- records ---------------------------------------------------------------------------------------

    def record(self, name: str) -> dict[str, Any]:
        """The group's record in the account and region of the context."""
        found: dict[str, Any] = self._emulator.scaling_groups[name]
        return found

    def adopt(self, name: str, properties: Properties) -> None:
        """Keeps what the emulator's record lacks."""
        kept = {key: properties[key] for key in ("TargetGroupARNs", "Tags") if key in properties}
        self.record(name)[MANAGED] = kept

    def _every(self) -> Iterator[dict[str, Any]]:
        for account, region, record in list(self._emulator.everywhere(self._emulator.scaling_groups)):
            if MANAGED in record:
                with self._emulator.scope(account, region):
                    yield record

    # -- instances -------------------------------------------------------------------------------------

    def fill(self, name: str) -> None:
        """Starts and ends instances until there are as many as wanted. Raises ResourceFailed."""
        with self._lock:
            group, stopped = self.record(name), self._suspended(name)
            while len(group["Instances"]) < group["DesiredCapacity"] and "Launch" not in stopped:
                self._start(group)
            while len(group["Instances"]) > group["DesiredCapacity"] and "Terminate" not in stopped:
                self._end(group, group["Instances"][-1])

    def empty(self, name: str) -> None:
        """Ends all instances of a group that is deleted, once the requests to those in service have ended.

        Source: Amazon EC2 Auto Scaling User Guide, "Attach an Elastic Load Balancing load balancer": with a
        deregistration delay, a group waits for it before it terminates an instance.
        """
        with self._lock:
            group = self.record(name)
            group["DesiredCapacity"] = group["MinSize"] = 0
            members = list(group["Instances"])
            # All at once: the delay passes only one time.
            time.sleep(max((self._taken_out(group, member) for member in members), default=0.0))
            for member in members:
                self._end(group, member, drains=False)

    def renew(self, name: str) -> bool:
        """Replaces the instances one after another, as a rolling update does: a new one first where there is room.
        Whether each said that it is up."""
        with self._lock:
            group = self.record(name)
            for member in list(group["Instances"]):
                room = len(group["Instances"]) < group["MaxSize"]
                if not room:
                    self._end(group, member)
                fresh = self._start(group)
                if not self._signalled(fresh):
                    return False
                if room:
                    self._end(group, member)
            return True

    def _signalled(self, instance: str) -> bool:
        deadline = time.monotonic() + SIGNAL_SECONDS
        while instance not in self._signals and time.monotonic() < deadline:
            time.sleep(0.1)
        return instance in self._signals

    def _start(self, group: dict[str, Any]) -> str:
        subnets = group["VPCZoneIdentifier"].split(",")
        counts = {one: sum(member["_subnet"] == one for member in group["Instances"]) for one in subnets}
        subnet = min(subnets, key=lambda one: counts[one])
        tags = [{"Key": one["Key"], "Value": one["Value"]} for one in group[MANAGED].get("Tags", ())]
        tags.append({"Key": "aws:autoscaling:groupName", "Value": group["AutoScalingGroupName"]})
        template = self._template(group["LaunchTemplate"])
        record = self._launching.launch({**template, "SubnetId": subnet, "Tags": tags}, self.door)
        member = {
            "InstanceId": record["InstanceId"],
            "LifecycleState": "InService",
            "HealthStatus": "Healthy",
            "AvailabilityZone": record["Placement"]["AvailabilityZone"],
            "ProtectedFromScaleIn": False,
            "LaunchTemplate": group["LaunchTemplate"],
            "LaunchConfigurationName": "",
            "_subnet": subnet,
            "_since": time.time(),
        }
        group["Instances"].append(member)
        self._register(group, record["InstanceId"])
        self._changed[group["AutoScalingGroupName"]] = time.monotonic()
        return str(record["InstanceId"])

    def _template(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """The launch template's data as properties of an instance."""
        versions = self._emulator.launch_templates[chosen["LaunchTemplateId"]]["Versions"]
        wanted = str(chosen["Version"])
        data = next((one for one in versions if str(one["VersionNumber"]) == wanted), versions[-1])[
            "LaunchTemplateData"
        ]
        profile = data.get("IamInstanceProfile") or {}
        return {**data, "IamInstanceProfile": str(profile.get("Arn") or profile.get("Name") or "").rpartition("/")[2]}

    def _register(self, group: dict[str, Any], instance: str) -> None:
        for arn, port in self._places(group, instance):
            self._targets.register({"TargetGroupArn": arn, **_target(instance, port)})
        self._tell()

    def _places(self, group: dict[str, Any], instance: str) -> Iterator[tuple[str, int]]:
        for arn in group[MANAGED].get("TargetGroupARNs", ()):
            port = self._port(instance) or int(self._emulator.target_groups[arn]["Port"])
            yield arn, port

    def _end(self, group: dict[str, Any], member: dict[str, Any], *, drains: bool = True) -> None:
        """Ends an instance: out of its load balancers first, then the time that these let requests end in."""
        instance = member["InstanceId"]
        delay = self._taken_out(group, member)
        if drains:
            time.sleep(delay)
        self._launching.end(instance)
        group["Instances"].remove(member)
        self._signals.discard(instance)
        self._load.pop(instance, None)
        if (door := self._doors.pop(instance, None)) is not None:
            self._site.run(_closed(door))
        self._changed[group["AutoScalingGroupName"]] = time.monotonic()

    def _taken_out(self, group: dict[str, Any], member: dict[str, Any]) -> float:
        """Takes an instance out of its load balancers. Seconds that these let its requests end in: none where it gets
        none any more."""
        instance, delay = member["InstanceId"], 0.0
        member["LifecycleState"] = "Terminating"
        record = self._emulator.instances.get(instance)
        runs = record is not None and record["State"]["Name"] == "running"
        for arn, port in self._places(group, instance):
            attributes = {one["Key"]: one["Value"] for one in self._emulator.target_group_attributes.get(arn, [])}
            if runs and any(one["Id"] == instance for one in self._emulator.targets.get(arn, [])):
                delay = max(delay, float(attributes.get("deregistration_delay.timeout_seconds", 300)) / self._pace)
            self._targets.deregister({"TargetGroupArn": arn, **_target(instance, port)})
        self._tell()
        return delay

    # -- doors -----------------------------------------------------------------------------------------

    def door(self, record: dict[str, Any]) -> int:
        """Opens the door of an instance that is about to start; its port on loopback."""
        port: int = self._site.run(self._opened(record, self._emulator.account, self._emulator.region))
        return port

    async def _opened(self, record: dict[str, Any], account: str, region: str) -> int:
        from hivemind.local.resources.compute import as_instance

        instance = as_instance(self._emulator, account, region, record)
        door = Door(self._emulator, instance, self._role(record, account, region), self._signals.add)
        self._doors[instance.id] = door
        return await door.open()

    def _role(self, record: Mapping[str, Any], account: str, region: str) -> str:
        name = str((record.get("IamInstanceProfile") or {}).get("Arn", "")).rpartition("/")[2]
        with self._emulator.scope(account, region):
            profile = self._emulator.instance_profiles.get(name) or {}
        roles = [one.get("RoleName") if isinstance(one, dict) else one for one in profile.get("Roles", [])]
        return str(roles[0]) if roles else ""

    async def reopen(self) -> None:
        """Opens the doors of instances that are about to be brought back."""
        for account, region, record in list(self._emulator.everywhere(self._emulator.instances)):
            if record.get("_hivemind_door"):
                record["_hivemind_door"] = await self._opened(record, account, region)

    def close(self) -> None:
        self._closed = True
        for door in list(self._doors.values()):  # a thread may end one meanwhile
            door.close()

    # -- the loop --------------------------------------------------------------------------------------

    def observe(self, datum: Datum) -> None:
        """Takes a value of a metric."""
        if datum.name == "CPUUtilization":
            self._load[datum.dimensions["InstanceId"]] = (time.monotonic(), datum.value)

    async def run(self) -> None:
        """Looks every two seconds, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await asyncio.to_thread(self.step)
            except Exception:
                log.exception("an Auto Scaling group does not follow")

    def step(self) -> None:
        """One look at every group: ends what is broken, decides how many are wanted, starts and ends as many."""
        for group in self._every():
            name = group["AutoScalingGroupName"]
            with self._lock:
                if self._closed:
                    return
                if "HealthCheck" not in self._suspended(name):
                    for member in [one for one in group["Instances"] if self._is_broken(group, one)]:
                        self._end(group, member, drains=False)
                group["DesiredCapacity"] = self._desired(group)
                self.fill(name)

    def _suspended(self, name: str) -> frozenset[str]:
        return frozenset(self.record(name).get("_hivemind_suspended", ()))

    def _is_broken(self, group: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
        record = self._emulator.instances.get(member["InstanceId"])
        if record is None or record["State"]["Name"] in {"stopped", "terminated", "shutting-down"}:
            return True
        grace = max(LEAST_GRACE, float(group["HealthCheckGracePeriod"]) / self._pace)
        if group["HealthCheckType"] != "ELB" or time.time() - member["_since"] < grace:
            return False
        of = (one for arn in group[MANAGED].get("TargetGroupARNs", ()) for one in self._states(arn))
        return any(one.instance == member["InstanceId"] and one.state == "unhealthy" for one in of)

    def _desired(self, group: Mapping[str, Any]) -> int:
        name = group["AutoScalingGroupName"]
        size = Size(group["MinSize"], group["MaxSize"], group["DesiredCapacity"])
        policy = next((one for one in self._policies(name) if one[0]), None)
        if policy is None or "AlarmNotification" in self._suspended(name):
            return size.within(size.desired)
        target, warmup = policy
        now, cooldown = time.monotonic(), max(LEAST_COOLDOWN, warmup / self._pace)
        known = [self._load[one["InstanceId"]] for one in group["Instances"] if one["InstanceId"] in self._load]
        fresh = [percent for at, percent in known if now - at < 3 * LEAST_COOLDOWN]
        since = now - self._changed.setdefault(name, now)
        load = Load(sum(fresh) / len(fresh), since) if fresh else None
        return wanted(size, load, target, cooldown)

    def _policies(self, name: str) -> Iterator[tuple[float, float]]:
        """Target and warm-up seconds of each target tracking policy of a group."""
        for properties in self._emulator.made_by_stacks("AWS::AutoScaling::ScalingPolicy"):
            if properties.get("AutoScalingGroupName") == name:
                tracking = properties.get("TargetTrackingConfiguration") or {}
                yield float(tracking.get("TargetValue", 0)), float(properties.get("EstimatedInstanceWarmup") or 300)


def _target(instance: str, port: int) -> dict[str, str]:
    return {"Targets.member.1.Id": instance, "Targets.member.1.Port": str(port)}


async def _closed(door: Door) -> None:
    door.close()
