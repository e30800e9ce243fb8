"""Auto Scaling groups as they are now: which instances they have, and how they are kept from ending those that get a
release.

Sources: "DescribeAutoScalingGroups" in the Amazon EC2 Auto Scaling API Reference; "Suspend and resume processes" in the
Amazon EC2 Auto Scaling User Guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hivemind.values.cloud import Cloud

HELD = ("HealthCheck", "Terminate")
"""Processes that are suspended while instances get a release: an instance that is out of service for that is not taken
for a broken one, and none is scaled in. New ones still come."""
PRESENT = frozenset({"Pending", "Pending:Wait", "Pending:Proceed", "InService"})
"""Lifecycle states of an instance that serves or will serve (source: "Amazon EC2 Auto Scaling instance lifecycle")."""


@dataclass(frozen=True)
class Group:
    """An Auto Scaling group. least, most, desired: numbers of instances. instances: EC2 ids of those that serve or will
    serve, sorted. suspended: names of its processes that do nothing now."""

    name: str
    least: int
    most: int
    desired: int
    instances: tuple[str, ...]
    suspended: tuple[str, ...] = ()


def group(cloud: Cloud, name: str) -> Group | None:
    """The group of this name; None where there is none."""
    answer = cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    for found in answer["AutoScalingGroups"]:
        members: Sequence[dict[str, str]] = found.get("Instances", [])
        return Group(
            name,
            int(found["MinSize"]),
            int(found["MaxSize"]),
            int(found["DesiredCapacity"]),
            tuple(sorted(one["InstanceId"] for one in members if one["LifecycleState"] in PRESENT)),
            tuple(sorted(one["ProcessName"] for one in found.get("SuspendedProcesses", []))),
        )
    return None


def present(cloud: Cloud, name: str) -> tuple[str, ...]:
    """EC2 ids of the group's instances that serve or will serve; none where there is no such group."""
    found = group(cloud, name)
    return found.instances if found else ()


def desire(cloud: Cloud, name: str, number: int) -> None:
    """Has the group want so many instances now; it goes on to scale from there. Source: "SetDesiredCapacity" in the
    Amazon EC2 Auto Scaling API Reference."""
    cloud.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName=name, DesiredCapacity=number, HonorCooldown=False
    )


def hold(cloud: Cloud, name: str) -> None:
    """Keeps the group from ending instances, until `let_go`; what a killed run left held is let go by the next."""
    cloud.client("autoscaling").suspend_processes(AutoScalingGroupName=name, ScalingProcesses=list(HELD))


def let_go(cloud: Cloud, name: str) -> None:
    """Has the group end instances again."""
    cloud.client("autoscaling").resume_processes(AutoScalingGroupName=name, ScalingProcesses=list(HELD))


@contextmanager
def held(cloud: Cloud, name: str | None) -> Iterator[None]:
    """Keeps the group from ending instances for as long as this lasts. name: None for no group."""
    if name is None:
        yield
        return
    hold(cloud, name)
    try:
        yield
    finally:
        let_go(cloud, name)
