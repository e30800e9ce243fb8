"""EC2: instances are machines; consoles, Instance Connect Endpoints, Debian's images. RDS: deletion protection."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses import EC2Response
from moto.rds.models import DBInstance, RDSBackend
from moto.ssm.models import Parameter, ParameterDict
from moto.ssm.responses import SimpleSystemManagerResponse

from gaps import Room
from gaps.templates import Endpoint

DEBIAN = "/aws/service/debian/release/"


def fill(room: Room) -> None:
    _instances(room)
    _subnets()
    _endpoints()
    _images()
    _databases(room)

    def get_console_output(self: Any) -> ActionResult:
        # [EC2] GetConsoleOutput: what the machine printed, base64, the newest 64 KB; nothing right after the boot.
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": room.console(instance.id)})

    def describe_instance_information(self: Any) -> ActionResult:
        # [SSM] DescribeInstanceInformation lists managed nodes; Debian's images have no agent, so there is none.
        return ActionResult({"InstanceInformationList": []})

    EC2Response.get_console_output = get_console_output
    SimpleSystemManagerResponse.describe_instance_information = describe_instance_information


def _instances(room: Room) -> None:
    """An instance boots a machine with its key pair's public key, and ends it."""
    terminate = Instance.terminate

    def create(
        cls: Any, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        # moto drops SecurityGroupIds and, without MapPublicIpOnLaunch, the public address.
        given = cloudformation_json["Properties"]
        backend = ec2_backends[account_id][region_name]
        profile = given.get("IamInstanceProfile")
        instance = backend.run_instances(
            image_id=given["ImageId"], user_data=given.get("UserData"), count=1, security_group_names=[],
            instance_type=given["InstanceType"], is_instance_type_default=False, subnet_id=given["SubnetId"],
            key_name=given.get("KeyName"), security_group_ids=given.get("SecurityGroupIds", []),
            block_device_mappings=given.get("BlockDeviceMappings", []), associate_public_ip=None,
            region_name=region_name,
        ).instances[0]  # fmt: skip
        for tag in given.get("Tags", ()):
            instance.add_tag(tag["Key"], tag["Value"])
        if profile:
            backend.associate_iam_instance_profile(instance_id=instance.id, iam_instance_profile_name=profile)
        room.boot(instance, backend.key_pairs[given["KeyName"]].public_key)
        return instance

    def end(self: Any) -> Any:
        room.end(self.id)
        return terminate(self)

    Instance.create_from_cloudformation_json = classmethod(create)
    Instance.terminate = end


def _subnets() -> None:
    create = Subnet.create_from_cloudformation_json.__func__

    def with_addresses(cls: Any, resource_name: str, cloudformation_json: Any, *more: Any, **others: Any) -> Any:
        # [CFN] AWS::EC2::Subnet: MapPublicIpOnLaunch.
        made = create(cls, resource_name, cloudformation_json, *more, **others)
        made.map_public_ip_on_launch = cloudformation_json["Properties"].get("MapPublicIpOnLaunch", False) is True
        return made

    Subnet.create_from_cloudformation_json = classmethod(with_addresses)


def _endpoints() -> None:
    def describe(self: Any) -> ActionResult:
        # [EC2] DescribeInstanceConnectEndpoints, with the filters that it documents.
        wanted = self._get_param("InstanceConnectEndpointIds", [])
        unknown = [one for one in wanted if one not in Endpoint.all]
        if unknown:
            raise EC2ClientError("InvalidInstanceConnectEndpointId.NotFound", f"{unknown[0]} does not exist")
        found = [one.described() for one in Endpoint.all.values() if not wanted or one.physical_resource_id in wanted]
        names = {"state": "State", "vpc-id": "VpcId", "subnet-id": "SubnetId"}
        for name, values in self._filters_from_querystring().items():
            found = [one for one in found if one[names[name]] in values]
        return ActionResult({"InstanceConnectEndpoints": found})

    EC2Response.describe_instance_connect_endpoints = describe


def _images() -> None:
    load = ParameterDict._check_loading_status

    def check(self: Any, key: str) -> None:
        # [SSM] Public parameters; those of Debian: wiki.debian.org/Cloud/AmazonEC2Image.
        if str(key).startswith(DEBIAN) and not dict.get(self, key):
            value = "ami-0de31a0de31a0de31"
            dict.__setitem__(self, key, [Parameter(
                account_id="136693071363", name=key, value=value, parameter_type="String", description=None,
                allowed_pattern=None, keyid=None, last_modified_date=0.0, version=1, data_type="aws:ec2:image",
            )])  # fmt: skip
        load(self, key)

    ParameterDict._check_loading_status = check


def _databases(room: Room) -> None:
    create = DBInstance.create_from_cloudformation_json.__func__

    def protected(cls: Any, resource_name: str, cloudformation_json: Any, *more: Any, **others: Any) -> Any:
        # [CFN] AWS::RDS::DBInstance: DeletionProtection, which moto's API knows and its template drops.
        made = create(cls, resource_name, cloudformation_json, *more, **others)
        made.deletion_protection = cloudformation_json["Properties"].get("DeletionProtection", False) is True
        room.database(made, str(cloudformation_json["Properties"]["MasterUserPassword"]))
        return made

    delete_db_instance = RDSBackend.delete_db_instance

    def delete(self: Any, name: str, *more: Any, **others: Any) -> Any:
        gone = delete_db_instance(self, name, *more, **others)
        room.end_database(gone.address)
        return gone

    DBInstance.create_from_cloudformation_json = classmethod(protected)
    RDSBackend.delete_db_instance = delete
