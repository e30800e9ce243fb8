"""What all resources that services need have in common: a door for those services' instances alone, and backups."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.model import Blueprint, DeploymentStage
from hivemind.template.names import VPC, instance_security_group, security_group_id

BACKUP_DAYS: Mapping[DeploymentStage, int] = MappingProxyType(
    {DeploymentStage.PRODUCTION: 7, DeploymentStage.STAGE_1: 1}
)
"""Days that backups are kept, unless the blueprint says."""


def security_group(blueprint: Blueprint, resource: str, what: str, port: int) -> Mapping[str, Any]:
    """The security group of a resource. resource: its name. what: in a word, for the description. port: TCP."""
    needing = sorted(service.name for service in blueprint.services.values() if resource in service.needs)
    ingress = [
        {
            "Description": f"Instances of {service}",
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "SourceSecurityGroupId": security_group_id(instance_security_group(service)),
        }
        for service in needing
    ]
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": f"{what} {resource}: the instances that need it",
            "VpcId": {"Ref": VPC},
            **({"SecurityGroupIngress": ingress} if ingress else {}),
            # It opens no connections. Without a rule AWS adds one that allows all.
            "SecurityGroupEgress": [{"Description": "Nowhere", "IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}],
        },
    }
