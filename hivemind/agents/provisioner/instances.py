"""A service's instances: EC2, their role and their security group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.agents.provisioner import scaling, ssh
from hivemind.agents.provisioner.network import EVERYWHERE, PUBLIC_ROUTE, instance_subnet
from hivemind.agents.provisioner.permissions import role
from hivemind.blueprint.access import instances_are_public
from hivemind.blueprint.model import Blueprint, Service
from hivemind.blueprint.strategy import Colour
from hivemind.template.fragment import Fragment
from hivemind.template.images import IMAGES, PARAMETER_TYPE, image_parameter
from hivemind.template.jobs import job_tags
from hivemind.template.names import (
    KEY_PAIR,
    LOAD_BALANCER_SECURITY_GROUP,
    VPC,
    instance,
    instance_role,
    instance_security_group,
    instances_output,
    logical_id,
    security_group_id,
)

USER_DATA = "#cloud-config\nssh_pwauth: false\ndisable_root: true\n"
"""Constant on purpose: changed user data stops and starts instances. All installing is the deployer's."""


def fragment(blueprint: Blueprint, service: Service) -> Fragment:
    """Role, instance profile, security group and its instances, or the group that makes them, spread over the zones."""
    parameter, image_name = image_parameter(service.os, service.size)
    numbers, group = service.numbers, service.scaling
    return Fragment(
        path=f"services.{service.name}",
        parameters={
            parameter: {
                "Type": PARAMETER_TYPE,
                "Description": f"Machine image of {service.os}: the value of {image_name} when it was first used",
            }
        },
        images={parameter: image_name},
        resources={
            instance_role(service.name): role(blueprint, service),
            _profile(service): {
                "Type": "AWS::IAM::InstanceProfile",
                "Properties": {"Roles": [{"Ref": instance_role(service.name)}]},
            },
            instance_security_group(service.name): _security_group(blueprint, service),
            **(_ingress_from_balancer(service) if service.is_web else {}),
            **{_named(service, number): _instance(blueprint, service, number) for number in numbers},
            **(scaling.resources(blueprint, service, group, _profile(service)) if group else {}),
        },
        outputs=scaling.outputs(service) if group else _ids(service),
    )


def _ids(service: Service) -> dict[str, Mapping[str, Any]]:
    # One for all: a template has 200 outputs at most, and a service 50 instances.
    ids = [{"Ref": _named(service, number)} for number in service.numbers]
    if not ids:  # CloudFormation takes no output without a value
        return {}
    return {instances_output(service.name): {"Value": {"Fn::Join": [",", ids]}}}


def _named(service: Service, number: int) -> str:
    return instance(service.name, number, service.colour)


def _profile(service: Service) -> str:
    return logical_id(service.name, "InstanceProfile")


def _shown(colour: Colour) -> str:
    """A colour in the name of an instance: the first one's is not said, since most have no other."""
    return "" if colour is Colour.BLUE else f"{colour} "


def _security_group(blueprint: Blueprint, service: Service) -> Mapping[str, Any]:
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": f"Instances of {service.name}",
            "VpcId": {"Ref": VPC},
            "SecurityGroupIngress": ssh.ingress(blueprint),
            "SecurityGroupEgress": [
                {"Description": "As far as the routes lead", "IpProtocol": "-1", "CidrIp": EVERYWHERE}
            ],
        },
    }


def _ingress_from_balancer(service: Service) -> dict[str, Mapping[str, Any]]:
    # A resource of its own: the load balancer's group names this one too, which in line would be a cycle.
    return {
        logical_id(service.name, "InstanceIngress"): {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "Description": "Load balancer, on the port of the service",
                "GroupId": security_group_id(instance_security_group(service.name)),
                "IpProtocol": "tcp",
                "FromPort": service.listens_on,
                "ToPort": service.listens_on,
                "SourceSecurityGroupId": security_group_id(LOAD_BALANCER_SECURITY_GROUP),
            },
        }
    }


def _instance(blueprint: Blueprint, service: Service, number: int) -> Mapping[str, Any]:
    parameter, _ = image_parameter(service.os, service.size)
    # An internet gateway can't be detached while public addresses are in use: instances that have one go first.
    order = {"DependsOn": PUBLIC_ROUTE} if instances_are_public(blueprint) else {}
    # What the application keeps on its own disk is lost with the instance.
    holding = {"Metadata": {"HiveMind": {"HoldsData": True}}} if service.data else {}
    return {
        "Type": "AWS::EC2::Instance",
        **order,
        **holding,
        "Properties": {
            "ImageId": {"Ref": parameter},
            "InstanceType": service.size,
            "KeyName": {"Ref": KEY_PAIR},
            "IamInstanceProfile": {"Ref": _profile(service)},
            "SubnetId": {"Ref": instance_subnet(blueprint, number)},
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
            "PropagateTagsToVolumeOnCreation": True,
            "UserData": {"Fn::Base64": USER_DATA},
            "Tags": [
                {"Key": "Name", "Value": f"{blueprint.stack_name} {service.name} {_shown(service.colour)}{number}"},
                {"Key": "hivemind:service", "Value": service.name},
                *(job_tags(job.name for job in service.jobs) if number == 1 else ()),
                *ssh.endpoint_tag(blueprint),
            ],
        },
    }
