"""Auto Scaling groups: their instances really start and end. The loop in `local/groups.py` keeps their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hivemind.local.groups import Groups
from hivemind.local.resource_kind import Kind, Made, Properties, failed, require

GROUP = "AWS::AutoScaling::AutoScalingGroup"


def group_kinds(groups: Groups, own: dict[str, Kind]) -> dict[str, Kind]:
    """own: the emulator's resource types, which keep the records."""
    kind = own[GROUP]
    change = kind.update
    assert change is not None

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        require(logical_id, properties, "MinSize", "MaxSize", "LaunchTemplate", "VPCZoneIdentifier")
        name, attributes = kind.create(logical_id, properties, stack)
        groups.adopt(name, properties)
        _or_nothing(groups, name, lambda: kind.delete(name, properties))
        return name, attributes

    def update(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        desired = groups.record(name)["DesiredCapacity"]
        made = change(name, old, new, stack, logical_id)
        # CloudFormation leaves the size that the group scaled to (UpdatePolicy, IgnoreUnmodifiedGroupSizeProperties).
        record = groups.record(name)
        record["DesiredCapacity"] = max(record["MinSize"], min(record["MaxSize"], desired))
        groups.adopt(name, new)
        if old.get("LaunchTemplate") != new.get("LaunchTemplate") and not groups.renew(name):
            raise failed("Received 0 SUCCESS signal(s) out of 1. Unable to satisfy the update policy.", "AutoScaling")
        groups.fill(name)
        return made

    def delete(name: str, properties: Properties) -> None:
        groups.empty(name)
        kind.delete(name, properties)

    return {GROUP: replace(kind, create=create, update=update, delete=delete)}


def _or_nothing(groups: Groups, name: str, undo: Callable[[], Any]) -> None:
    try:
        groups.fill(name)
    except BaseException:
        groups.empty(name)
        undo()
        raise
