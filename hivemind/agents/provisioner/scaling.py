"""Auto Scaling groups: instances that come and go by the use of their processors, and install their release by
themselves.

Sources: "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate" and "UpdatePolicy attribute" in the AWS
CloudFormation Template Reference; "Target tracking scaling policies" in the Amazon EC2 Auto Scaling User Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.agents.provisioner import first_boot, ssh
from hivemind.agents.provisioner.network import PUBLIC_ROUTE
from hivemind.blueprint.access import instances_are_public
from hivemind.blueprint.model import Blueprint, Service
from hivemind.blueprint.scaling import Scaling
from hivemind.template.images import IMAGES, image_parameter
from hivemind.template.names import (
    KEY_PAIR,
    PRIVATE_SUBNETS,
    PUBLIC_SUBNETS,
    instance_security_group,
    launch_template,
    logical_id,
    scaling_access,
    scaling_group,
    scaling_group_output,
    security_group_id,
    target_group,
)
from hivemind.template.resource_types import LAUNCH_TEMPLATE, SCALING_GROUP

BOOT_SECONDS = 300
"""For an instance to boot, fetch its release and be healthy, beside what its application may take to start."""
UPDATE_MINUTES = 15
SUSPENDED_IN_UPDATES = ("HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification", "ScheduledActions")
"""Processes that would change the group while CloudFormation does (source: "UpdatePolicy attribute")."""


def resources(blueprint: Blueprint, service: Service, scaling: Scaling, profile: str) -> dict[str, Mapping[str, Any]]:
    """Launch template, group and scaling policy of a service. profile: logical id of its instance profile."""
    template, group = launch_template(service.name), scaling_group(service.name)
    made: dict[str, Mapping[str, Any]] = {
        template: {
            "Type": LAUNCH_TEMPLATE,
            "Properties": {"LaunchTemplateData": _instance(blueprint, service, profile)},
        },
        group: _group(blueprint, service, scaling, template),
    }
    if scaling.most > scaling.least:
        made[logical_id(service.name, "ScalingPolicy")] = {
            "Type": "AWS::AutoScaling::ScalingPolicy",
            "Properties": {
                "AutoScalingGroupName": {"Ref": group},
                "PolicyType": "TargetTrackingScaling",
                "EstimatedInstanceWarmup": BOOT_SECONDS + service.timeouts.start,
                "TargetTrackingConfiguration": {
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
                    "TargetValue": scaling.target_cpu,
                },
            },
        }
    return made


def outputs(service: Service) -> dict[str, Mapping[str, Any]]:
    """The group's name, by which its present instances are found."""
    return {scaling_group_output(service.name): {"Value": {"Ref": scaling_group(service.name)}}}


def _instance(blueprint: Blueprint, service: Service, profile: str) -> Mapping[str, Any]:
    parameter, _ = image_parameter(service.os, service.size)
    name = f"{blueprint.stack_name} {service.name}"
    return {
        "ImageId": {"Ref": parameter},
        "InstanceType": service.size,
        "KeyName": {"Ref": KEY_PAIR},
        "IamInstanceProfile": {"Arn": {"Fn::GetAtt": [profile, "Arn"]}},
        "SecurityGroupIds": [security_group_id(instance_security_group(service.name))],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [
            {
                "DeviceName": IMAGES[service.os].root_device,
                "Ebs": {
                    "VolumeType": "gp3",
                    "VolumeSize": service.disk,
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                },
            }
        ],
        "TagSpecifications": [
            {
                "ResourceType": "volume",
                "Tags": [
                    {"Key": "Name", "Value": name},
                    {"Key": "hivemind:deployment", "Value": blueprint.stack_name},
                    {"Key": "hivemind:service", "Value": service.name},
                ],
            }
        ],
        "UserData": first_boot.user_data(service.name, scaling_group(service.name)),
    }


def _group(blueprint: Blueprint, service: Service, scaling: Scaling, template: str) -> Mapping[str, Any]:
    public = instances_are_public(blueprint)
    subnets = PUBLIC_SUBNETS if public else PRIVATE_SUBNETS
    launched = [{"Key": "hivemind:service", "Value": service.name}, *ssh.endpoint_tag(blueprint)]
    tags = [{"Key": "Name", "Value": f"{blueprint.stack_name} {service.name}"}, *launched]
    balanced = {"TargetGroupARNs": [{"Ref": target_group(service.name)}]} if service.is_web else {}
    return {
        "Type": SCALING_GROUP,
        # Without the policy, instances could read nothing.
        "DependsOn": [scaling_access(service.name), *([PUBLIC_ROUTE] if public else [])],
        "UpdatePolicy": _update_policy(blueprint, service, scaling),
        "Properties": {
            "MinSize": str(scaling.least),
            "MaxSize": str(scaling.most),
            "VPCZoneIdentifier": [{"Ref": subnet} for subnet in subnets],
            "LaunchTemplate": {
                "LaunchTemplateId": {"Ref": template},
                "Version": {"Fn::GetAtt": [template, "LatestVersionNumber"]},
            },
            **balanced,
            "HealthCheckType": "ELB" if service.is_web else "EC2",
            "HealthCheckGracePeriod": BOOT_SECONDS + service.timeouts.start,
            "Tags": [{**tag, "PropagateAtLaunch": True} for tag in tags],
        },
    }


def _update_policy(blueprint: Blueprint, service: Service, scaling: Scaling) -> Mapping[str, Any]:
    """Another image, size or disk: new instances come first where there is room, and each says that it is ready."""
    minutes = min(60, UPDATE_MINUTES + service.timeouts.start // 60)
    return {
        # Without it, every update of the stack would bring the group back to the sizes of the template.
        "AutoScalingScheduledAction": {"IgnoreUnmodifiedGroupSizeProperties": True},
        "AutoScalingRollingUpdate": {
            # Less than the greatest size, or nothing could be replaced.
            "MinInstancesInService": min(scaling.least, scaling.most - 1),
            "MaxBatchSize": max(1, scaling.least // 2),
            "PauseTime": f"PT{minutes}M",
            # The message goes to CloudFormation's public address.
            "WaitOnResourceSignals": first_boot.has_way_out(blueprint),
            "SuspendProcesses": list(SUSPENDED_IN_UPDATES),
        },
    }
