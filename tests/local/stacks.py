"""Templates and waiting for tests that create stacks in the local cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from hivemind.values.clock import SYSTEM_CLOCK, polls

IMAGE = "/aws/service/debian/release/12/latest/amd64"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@cache
def key_pair() -> tuple[str, str]:
    """(private key in OpenSSH format, public key)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), public.decode()


def resource(kind: str, depends: str | None = None, **properties: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"Type": kind, "Properties": properties}
    return made | ({"DependsOn": depends} if depends else {})


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, of]}


def group(description: str, *rules: Mapping[str, Any]) -> dict[str, Any]:
    return resource(
        "AWS::EC2::SecurityGroup",
        GroupDescription=description,
        VpcId=ref("Vpc"),
        SecurityGroupIngress=[{"IpProtocol": "tcp", **rule} for rule in rules],
    )


def network() -> dict[str, Any]:
    return {
        "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
        "A": resource("AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24", AvailabilityZone="eu-west-1a"),
        "B": resource("AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.2.0/24", AvailabilityZone="eu-west-1b"),
    }


def database(**changed: Any) -> dict[str, Any]:
    given = {
        "Engine": "postgres",
        "EngineVersion": "16",
        "DBInstanceClass": "db.t3.micro",
        "AllocatedStorage": "20",
        "DBName": "shop",
        "MasterUsername": "app",
        "MasterUserPassword": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"},
        "DBSubnetGroupName": ref("Group"),
        "VPCSecurityGroups": [attribute("DbGroup", "GroupId")],
    }
    return resource("AWS::RDS::DBInstance", **given | changed)


def data() -> dict[str, Any]:
    """A database with what it needs, beside `network()` and a security group `WebGroup`."""
    return {
        "DbGroup": group("db", {"FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": ref("WebGroup")}),
        "Group": resource("AWS::RDS::DBSubnetGroup", DBSubnetGroupDescription="db", SubnetIds=[ref("A"), ref("B")]),
        "Secret": resource(
            "AWS::SecretsManager::Secret",
            GenerateSecretString={
                "SecretStringTemplate": '{"username":"app"}',
                "GenerateStringKey": "password",
                "ExcludePunctuation": True,
                "PasswordLength": 30,
            },
        ),
        "Db": database() | {"DeletionPolicy": "Snapshot"},
    }


def instance(image: str, **changed: Any) -> dict[str, Any]:
    given = {
        "ImageId": image,
        "InstanceType": "t3.micro",
        "KeyName": ref("Key"),
        "SubnetId": ref("A"),
        "SecurityGroupIds": [attribute("WebGroup", "GroupId")],
        "IamInstanceProfile": ref("Profile"),
    }
    return resource("AWS::EC2::Instance", **given | changed)


def compute(image: str, key: str) -> dict[str, Any]:
    """An instance with key pair and profile, beside `network()`."""
    ssh = {"FromPort": 22, "ToPort": 22, "CidrIp": "127.0.0.1/32"}
    return {
        "WebGroup": group("web", ssh),
        "Key": resource("AWS::EC2::KeyPair", KeyName=key, PublicKeyMaterial=key_pair()[1]),
        "Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST),
        "Profile": resource("AWS::IAM::InstanceProfile", Roles=[ref("Role")]),
        "Web": instance(image),
    }


def balancer() -> dict[str, Any]:
    """A load balancer with a target group, beside `network()` and `WebGroup`."""
    elb = "AWS::ElasticLoadBalancingV2::"
    forward = {"TargetGroups": [{"TargetGroupArn": ref("Targets"), "Weight": 1}]}
    return {
        "BalancerGroup": group("lb", {"FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}),
        "FromBalancer": resource(
            "AWS::EC2::SecurityGroupIngress",
            GroupId=attribute("WebGroup", "GroupId"),
            IpProtocol="tcp",
            FromPort=8000,
            ToPort=8000,
            SourceSecurityGroupId=attribute("BalancerGroup", "GroupId"),
        ),
        "Balancer": resource(f"{elb}LoadBalancer", Subnets=[ref("A"), ref("B")], SecurityGroups=[ref("BalancerGroup")]),
        "Targets": resource(f"{elb}TargetGroup", Port=8000, Protocol="HTTP", VpcId=ref("Vpc")),
        "Listener": resource(
            f"{elb}Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "ForwardConfig": forward}],
        ),
    }


def body(resources: Mapping[str, Any], **outputs: Any) -> str:
    made: dict[str, Any] = {"Resources": resources}
    if outputs:
        made["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
    return json.dumps(made)


class Stack:
    """One stack of a test. client: of CloudFormation."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self.name = client, name
        self.id = ""

    def create(self, template: str, **options: Any) -> str:
        """Creates it and waits; the status it ends in."""
        self.begin(template, **options)
        return self.settle()

    def begin(self, template: str, **options: Any) -> str:
        """Starts to create it; its id."""
        options = {"Capabilities": ["CAPABILITY_IAM"]} | options
        self.id = self._client.create_stack(StackName=self.name, TemplateBody=template, **options)["StackId"]
        return self.id

    def update(self, template: str) -> str:
        self._client.update_stack(StackName=self.name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
        return self.settle()

    def delete(self) -> str:
        self._client.delete_stack(StackName=self.name)
        return self.settle()

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self._client.describe_stacks(StackName=self.id)["Stacks"][0]
        return described

    def settle(self) -> str:
        for _ in polls(SYSTEM_CLOCK, deadline=120, first=0.05, most=0.3):
            status = str(self.describe()["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
        raise TimeoutError(self.name)

    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.describe().get("Outputs", [])}

    def events(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(reversed(self._client.describe_stack_events(StackName=self.id)["StackEvents"]))

    def reason(self, *, last: bool = False) -> str:
        """Why the first resource failed; last: the one that failed last."""
        failed = [e for e in self.events() if e["ResourceStatus"].endswith("_FAILED")]
        return str(failed[-1 if last else 0]["ResourceStatusReason"])

    def resource(self, logical_id: str) -> str:
        found = self._client.describe_stack_resources(StackName=self.id)["StackResources"]
        return next(str(one["PhysicalResourceId"]) for one in found if one["LogicalResourceId"] == logical_id)
