"""The build stack: instances that build services, in a network of their own that goes with them. Pure.

Its instances have no role: nothing in them can call AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hivemind.agents.provisioner import network, ssh
from hivemind.blueprint.model import Blueprint, Service
from hivemind.template.build_stack import PATH
from hivemind.template.fragment import Fragment
from hivemind.template.images import IMAGES, PARAMETER_TYPE, image_parameter
from hivemind.template.names import KEY_PAIR, PUBLIC_SUBNETS, VPC, build_instance, security_group_id

DISK = 40
"""GiB at least: package managers and compilers take many times what they leave."""
LIFETIME = 180
"""Minutes after which a build instance ends itself, whatever became of who made it."""
USER_DATA = f"#cloud-config\nssh_pwauth: false\ndisable_root: true\nruncmd:\n- [shutdown, --poweroff, '+{LIFETIME}']\n"
GROUP = "BUILDSecurityGroup"


def fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
    """The template of a build stack, with one instance for each service.

    blueprint: the build stack's own (`Blueprint.builds`). Instances are in public subnets, since they fetch
    dependencies; SSH gets in as it does to the deployment's own instances.
    """
    services = (blueprint.services[name] for name in sorted(blueprint.services))
    return (
        replace(network.fragment(blueprint), path=f"{PATH}.network"),
        replace(ssh.fragment(blueprint), path=f"{PATH}.ssh"),
        _group(blueprint),
        *(_instance(blueprint, service) for service in services),
    )


def _group(blueprint: Blueprint) -> Fragment:
    group: Mapping[str, Any] = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "Build instances: SSH in, the internet out",
            "VpcId": {"Ref": VPC},
            "SecurityGroupIngress": ssh.ingress(blueprint),
            "SecurityGroupEgress": [
                {"Description": "Package indexes", "IpProtocol": "-1", "CidrIp": network.EVERYWHERE}
            ],
        },
    }
    return Fragment(path=PATH, resources={GROUP: group})


def _instance(blueprint: Blueprint, service: Service) -> Fragment:
    parameter, image_name = image_parameter(service.os, service.size)
    instance: Mapping[str, Any] = {
        "Type": "AWS::EC2::Instance",
        # An internet gateway can't be detached while public addresses are in use: instances that have one go first.
        "DependsOn": network.PUBLIC_ROUTE,
        "Properties": {
            "ImageId": {"Ref": parameter},
            "InstanceType": service.size,
            "KeyName": {"Ref": KEY_PAIR},
            "SubnetId": {"Ref": PUBLIC_SUBNETS[0]},
            "SecurityGroupIds": [security_group_id(GROUP)],
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [
                {
                    "DeviceName": IMAGES[service.os].root_device,
                    "Ebs": {
                        "VolumeType": "gp3",
                        "VolumeSize": max(DISK, service.disk),
                        "Encrypted": True,
                        "DeleteOnTermination": True,
                    },
                }
            ],
            "InstanceInitiatedShutdownBehavior": "terminate",
            "PropagateTagsToVolumeOnCreation": True,
            "UserData": {"Fn::Base64": USER_DATA},
            "Tags": [
                {"Key": "Name", "Value": f"{blueprint.stack_name} build of {service.name}"},
                {"Key": "hivemind:service", "Value": service.name},
            ],
        },
    }
    name = build_instance(service.name)
    return Fragment(
        path=f"{PATH}.{service.name}",
        parameters={
            parameter: {
                "Type": PARAMETER_TYPE,
                "Description": f"Machine image of {service.os}: the value of {image_name} now",
            }
        },
        images={parameter: image_name},
        resources={name: instance},
        outputs={f"{name}Id": {"Value": {"Ref": name}}},
    )
