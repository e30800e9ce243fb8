"""One deployment in an account of AWS: two services, a database and a cache, as its APIs say it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hivemind.values.calls import CloudCallFailed

TEMPLATE = {
    "Resources": {
        "WebInstance1": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"Tags": [{"Key": "hivemind:service", "Value": "web"}]},
        },
        "JobInstance1": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"Tags": [{"Key": "hivemind:service", "Value": "job"}]},
        },
        "WebTargetGroup": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"},
        "DbDatabase": {"Type": "AWS::RDS::DBInstance"},
        "CacheCache": {"Type": "AWS::ElastiCache::ReplicationGroup"},
        "Vpc": {"Type": "AWS::EC2::VPC"},
    },
}
SCALED = {
    "Resources": {
        **{name: one for name, one in TEMPLATE["Resources"].items() if name != "WebInstance1"},
        "WebScalingGroup": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {"Tags": [{"Key": "hivemind:service", "Value": "web", "PropagateAtLaunch": True}]},
        },
    },
}
"""The same, with an Auto Scaling group of web's instances."""
IDS = {
    "WebInstance1": "i-1", "JobInstance1": "i-2", "WebTargetGroup": "arn:tg", "DbDatabase": "db-1", "CacheCache": "c-1",
    "WebScalingGroup": "group-1",
}  # fmt: skip


@dataclass
class Account:
    """What an account answers. status: of the stack, None for none. instances, databases, caches: id -> state.
    targets: id -> state and reason. group: lifecycle states of the instances of the group, by id; desired: how many it
    wants; suspended: its processes that do nothing."""

    status: str | None = "CREATE_COMPLETE"
    instances: dict[str, str] = field(default_factory=lambda: {"i-1": "running", "i-2": "running"})
    targets: dict[str, tuple[str, str | None]] = field(default_factory=lambda: {"i-1": ("healthy", None)})
    databases: dict[str, str] = field(default_factory=lambda: {"db-1": "available"})
    caches: dict[str, str] = field(default_factory=lambda: {"c-1": "available"})
    group: dict[str, str] = field(default_factory=lambda: {"i-1": "InService"})
    desired: int = 1
    suspended: tuple[str, ...] = ()
    template: dict[str, Any] = field(default_factory=lambda: TEMPLATE)
    ids: dict[str, str] = field(default_factory=lambda: IDS)
    name: str = "aws"
    account: str = "123456789012"
    region: str = "eu-west-1"

    def client(self, service: str) -> Account:
        del service
        return self

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        if self.status is None:
            raise CloudCallFailed("ValidationError", "DescribeStacks", f"Stack with id {StackName} does not exist")
        revision = {"ParameterKey": "Revision", "ParameterValue": "r3"}
        return {"Stacks": [{"StackId": "arn:stack", "StackStatus": self.status, "Parameters": [revision]}]}

    def get_template(self, **_: str) -> dict[str, Any]:
        return {"TemplateBody": json.dumps(self.template)}

    def list_stack_resources(self, **_: str) -> dict[str, Any]:
        return {
            "StackResourceSummaries": [
                {"LogicalResourceId": name, "PhysicalResourceId": one, "ResourceStatus": "CREATE_COMPLETE"}
                for name, one in self.ids.items()
            ]
        }

    def get_paginator(self, operation: str) -> Account:
        assert operation == "describe_replication_groups"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"ReplicationGroups": [{"ReplicationGroupId": o, "Status": s} for o, s in self.caches.items()]}]

    def describe_instances(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        known = [one for one in Filters[0]["Values"] if one in self.instances]
        listed = [{"InstanceId": one, "State": {"Name": self.instances[one]}} for one in known]
        return {"Reservations": [{"Instances": [one]} for one in listed]}

    def describe_auto_scaling_groups(self, *, AutoScalingGroupNames: list[str]) -> dict[str, Any]:
        assert AutoScalingGroupNames == ["group-1"]
        listed = [{"InstanceId": one, "LifecycleState": state} for one, state in self.group.items()]
        processes = [{"ProcessName": one} for one in self.suspended]
        sizes = {"MinSize": 1, "MaxSize": 4, "DesiredCapacity": self.desired}
        return {"AutoScalingGroups": [{**sizes, "Instances": listed, "SuspendedProcesses": processes}]}

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:
        assert TargetGroupArn == "arn:tg"
        told = [
            {"Target": {"Id": one, "Port": 8000}, "TargetHealth": {"State": state, "Reason": reason}}
            for one, (state, reason) in self.targets.items()
        ]
        return {"TargetHealthDescriptions": told}

    def describe_db_instances(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        known = [one for one in Filters[0]["Values"] if one in self.databases]
        return {"DBInstances": [{"DBInstanceIdentifier": o, "DBInstanceStatus": self.databases[o]} for o in known]}
