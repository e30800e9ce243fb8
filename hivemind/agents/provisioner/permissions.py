"""What a service's instances may do: nothing, but be managed by SSM where its agent is there and can reach it.

Whoever deploys reads secrets and parameters and writes them into the application's environment; releases come from
addresses that the deployer signs. So no instance reads any of it with its role; but those of an Auto Scaling group
install their release without a deployer, and may read just what that takes (`first_boot.py`). What an application does
with AWS itself is for a plugin or an override to allow (`hivemind.template.names.instance_role`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.agents.provisioner.first_boot import parameter_arns
from hivemind.blueprint.access import instances_are_public
from hivemind.blueprint.model import Blueprint, Service
from hivemind.template.images import IMAGES

AWS_PARAMETERS_ALONE = "NoOtherParameters"
"""Sid of the statement that denies an instance all parameters but AWS's public ones."""
MANAGED = "AmazonSSMManagedInstanceCore"


def role(blueprint: Blueprint, service: Service) -> Mapping[str, Any]:
    """The IAM role of a service's instances."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": f"Instances of {service.name}",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            **(_managed_by_ssm(service) if _has_use_for_ssm(blueprint, service) else {}),
        },
    }


def _has_use_for_ssm(blueprint: Blueprint, service: Service) -> bool:
    """Whether the operating system brings SSM's agent, and a route leads to SSM."""
    reaches = instances_are_public(blueprint) or blueprint.network.egress != "none"
    return IMAGES[service.os].has_agent and reaches


def _managed_by_ssm(service: Service) -> Mapping[str, Any]:
    """AWS's policy would let an instance read every parameter of the account: the statement takes that back, but for
    those that instances of a group read by themselves."""
    public = {"Fn::Sub": "arn:${AWS::Partition}:ssm:*::parameter/aws/service/*"}
    statement = {
        "Sid": AWS_PARAMETERS_ALONE,
        "Effect": "Deny",
        "Action": ["ssm:GetParameter", "ssm:GetParameters"],
        "NotResource": [public, *(parameter_arns(service) if service.scaling else ())],
    }
    return {
        "ManagedPolicyArns": [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{MANAGED}"}],
        "Policies": [
            {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}},
        ],
    }
