"""SSH: one key pair a deployment, and an EC2 Instance Connect Endpoint as the door to port 22, unless there is
another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.blueprint import access
from hivemind.blueprint.model import Blueprint
from hivemind.deploy.parameters import PUBLIC_KEY
from hivemind.template.fragment import Fragment
from hivemind.template.names import ENDPOINT_TAG, KEY_PAIR, PRIVATE_SUBNETS, SSH_ENDPOINT, VPC, security_group_id

PORT = 22
ENDPOINT_GROUP = "SSHEndpointSecurityGroup"


def fragment(blueprint: Blueprint) -> Fragment:
    """Key pair out of the parameter `SshPublicKey`; the endpoint and its security group, where one is made."""
    endpoint = access.ssh_endpoint(blueprint)
    own = endpoint == access.OWN
    named: Any = {"Ref": SSH_ENDPOINT} if own else endpoint
    return Fragment(
        path="network",
        parameters={
            PUBLIC_KEY: {
                "Type": "String",
                "Description": "Public half of the deployment's SSH key, in OpenSSH form",
                "AllowedPattern": "^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+( .*)?$",
            }
        },
        resources={
            KEY_PAIR: {
                "Type": "AWS::EC2::KeyPair",
                "Properties": {
                    "KeyName": {"Fn::Sub": "${AWS::StackName}-hivemind"},
                    "PublicKeyMaterial": {"Ref": PUBLIC_KEY},
                },
            },
            **(_endpoint(blueprint) if own else {}),
        },
        outputs={} if endpoint == access.NONE else {"SshEndpointId": {"Value": named}},
    )


def _endpoint(blueprint: Blueprint) -> dict[str, Mapping[str, Any]]:
    return {
        ENDPOINT_GROUP: {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "EC2 Instance Connect Endpoint: reaches SSH inside the VPC only",
                "VpcId": {"Ref": VPC},
                "SecurityGroupEgress": [
                    {
                        "Description": "SSH to instances",
                        "IpProtocol": "tcp",
                        "FromPort": PORT,
                        "ToPort": PORT,
                        "CidrIp": blueprint.network.cidr,
                    }
                ],
            },
        },
        SSH_ENDPOINT: {
            "Type": "AWS::EC2::InstanceConnectEndpoint",
            "Properties": {
                "SubnetId": {"Ref": PRIVATE_SUBNETS[0]},
                "SecurityGroupIds": [security_group_id(ENDPOINT_GROUP)],
                "PreserveClientIp": False,
            },
        },
    }


def endpoint_tag(blueprint: Blueprint) -> list[Mapping[str, str]]:
    """The tag of an instance that says which endpoint of another network leads to it."""
    endpoint = access.ssh_endpoint(blueprint)
    if endpoint in (access.OWN, access.NONE):
        return []
    return [{"Key": ENDPOINT_TAG, "Value": endpoint}]


def ingress(blueprint: Blueprint) -> list[Mapping[str, Any]]:
    """Ingress rules of an instance's security group: the endpoint, and the blueprint's `network.ssh_from`."""
    port = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    group, own = security_group_id(ENDPOINT_GROUP), access.ssh_endpoint(blueprint) == access.OWN
    return [
        *([{**port, "Description": "SSH by the endpoint", "SourceSecurityGroupId": group}] if own else []),
        *(
            {**port, "Description": "SSH from network.ssh_from", "CidrIpv6" if ":" in cidr else "CidrIp": cidr}
            for cidr in sorted(set(blueprint.network.ssh_from))
        ),
    ]
