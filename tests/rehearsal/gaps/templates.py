"""Templates: intrinsic functions, dynamic references, and kinds of resources that moto does not know."""

from __future__ import annotations

import json
import re
import secrets
import string
from typing import Any

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from gaps import Room

ZONE = "rehearsal.ec2-instance-connect-endpoint.eu-west-1.amazonaws.com"
"""Domain of the names at which tunnels are opened; AWS has more than one below a region's."""
REFERENCE = re.compile(r"{{resolve:secretsmanager:(arn:[^}]+?):SecretString:([^:}]+)(?::[^}]*)?}}")


def fill(room: Room) -> None:
    clean, parse = parsing.clean_json, parsing.parse_resource_and_generate_name

    def clean_json(value: Any, resources: Any) -> Any:
        # [CFN] Fn::GetAZs: its region may be `Ref AWS::Region`.
        if isinstance(value, dict) and isinstance(value.get("Fn::GetAZs"), dict):
            value = {"Fn::GetAZs": clean(value["Fn::GetAZs"], resources)}
        return clean(value, resources)

    def parse_resource_and_generate_name(logical_id: str, resource: Any, resources: Any) -> Any:
        found = parse(logical_id, resource, resources)
        if found is None:
            raise parsing.ValidationError(message=f"Unrecognized resource types: [{resource['Type']}]")
        made, definition, name = found
        return made, resolved(definition, resources._account_id, resources._region_name), name

    parsing.clean_json = clean_json
    parsing.parse_resource_and_generate_name = parse_resource_and_generate_name
    Endpoint.room = room
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()


def resolved(value: Any, account: str, region: str) -> Any:
    """[CFN] Dynamic references to Secrets Manager: {{resolve:secretsmanager:ARN:SecretString:KEY}}."""
    if isinstance(value, dict):
        return {key: resolved(item, account, region) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, account, region) for item in value]
    if not isinstance(value, str):
        return value

    def read(match: re.Match[str]) -> str:
        secret = secretsmanager_backends[account][region].get_secret_value(match[1], "", "")
        return str(json.loads(secret["SecretString"])[match[2]])

    return REFERENCE.sub(read, value)


class BucketPolicy(CloudFormationModel):
    """[CFN] AWS::S3::BucketPolicy: a bucket's policy; Ref is the bucket's name."""

    def __init__(self, bucket: str) -> None:
        self.physical_resource_id = bucket

    @staticmethod
    def cloudformation_name_type() -> str | None:
        return None

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> BucketPolicy:
        given = cloudformation_json["Properties"]
        s3_backends[account_id]["aws"].put_bucket_policy(given["Bucket"], json.dumps(given["PolicyDocument"]).encode())
        return cls(given["Bucket"])

    def delete(self, account: str, region: str) -> None:
        s3_backends[account]["aws"].delete_bucket_policy(self.physical_resource_id)

    def is_created(self) -> bool:
        return True


class KeyPair(CloudFormationModel):
    """[CFN] AWS::EC2::KeyPair with PublicKeyMaterial imports a key; Ref is its name."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "KeyName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::EC2::KeyPair"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in {"KeyPairId", "KeyFingerprint"}

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> KeyPair:
        given = cloudformation_json["Properties"]
        tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
        ec2 = ec2_backends[account_id][region_name]
        ec2.import_key_pair(resource_name, given["PublicKeyMaterial"].encode(), tags)
        return cls(resource_name)

    def delete(self, account: str, region: str) -> None:
        ec2_backends[account][region].delete_key_pair(self.physical_resource_id)

    def is_created(self) -> bool:
        return True


class Secret(CloudFormationModel):
    """[CFN] AWS::SecretsManager::Secret with GenerateSecretString; Ref is its ARN. Deleted with its stack at once."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Secret:
        given = cloudformation_json["Properties"]
        made = given["GenerateSecretString"]
        letters = [
            sign for sign in string.ascii_letters + string.digits if sign not in made.get("ExcludeCharacters", "")
        ]
        password = "".join(secrets.choice(letters) for _ in range(int(made.get("PasswordLength", 32))))
        content = json.loads(made["SecretStringTemplate"]) | {made["GenerateStringKey"]: password}
        said = secretsmanager_backends[account_id][region_name].create_secret(
            resource_name, json.dumps(content), None, None, given.get("Tags", []), None, None, [], False
        )
        return cls(json.loads(said)["ARN"] if isinstance(said, str) else said["ARN"])

    def delete(self, account: str, region: str) -> None:
        secretsmanager_backends[account][region].delete_secret(self.physical_resource_id, None, True)

    def is_created(self) -> bool:
        return True


class Endpoint(CloudFormationModel):
    """[CFN] AWS::EC2::InstanceConnectEndpoint; Ref is its id. Its tunnels are opened at DnsName ([EC2]
    Ec2InstanceConnectEndpoint)."""

    room: Room
    all: dict[str, Endpoint] = {}  # noqa: RUF012

    def __init__(self, given: Any, account: str, region: str) -> None:
        self.physical_resource_id = f"eice-0{secrets.token_hex(8)}"
        self.subnet = ec2_backends[account][region].get_subnet(given["SubnetId"])
        self.dns = f"{self.physical_resource_id}.{ZONE}"
        self.tags = given.get("Tags", [])
        self.given = given

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::EC2::InstanceConnectEndpoint"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Endpoint:
        made = cls(cloudformation_json["Properties"], account_id, region_name)
        cls.all[made.physical_resource_id] = made
        cls.room.endpoint(made)
        return made

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.physical_resource_id

    def delete(self, account: str, region: str) -> None:
        del self.all[self.physical_resource_id]

    def is_created(self) -> bool:
        return True

    def described(self) -> dict[str, Any]:
        """As DescribeInstanceConnectEndpoints has it."""
        return {
            "InstanceConnectEndpointId": self.physical_resource_id,
            "DnsName": self.dns,
            "FipsDnsName": "",
            "State": "create-complete",
            "SubnetId": self.subnet.id,
            "VpcId": self.subnet.vpc_id,
            "AvailabilityZone": self.subnet.availability_zone,
            "PreserveClientIp": False,
            "SecurityGroupIds": self.given.get("SecurityGroupIds", []),
            "Tags": self.tags,
        }
