"""EC2 instances and key pairs; the instances really start."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Protocol

from hivemind.local import model
from hivemind.local.resource_kind import Kind, Made, Properties, failed, is_true, require
from hivemind.local.resources import catalog
from hivemind.local.resources.network import tag
from hivemind.local.resources.site import Site, free_address

REPLACES = frozenset(
    {
        "AvailabilityZone",
        "CpuOptions",
        "ElasticGpuSpecifications",
        "EnclaveOptions",
        "HibernationOptions",
        "HostId",
        "ImageId",
        "KeyName",
        "LaunchTemplate",
        "LicenseSpecifications",
        "NetworkInterfaces",
        "PlacementGroupName",
        "PrivateIpAddress",
        "SecurityGroups",
        "SubnetId",
        "Tenancy",
    }
)
"""Properties of an instance whose change makes a new one."""
CONDITIONAL = frozenset({"BlockDeviceMappings", "EbsOptimized", "InstanceType", "SecurityGroupIds", "UserData"})
"""Properties of which CloudFormation's schema leaves open what a change does. Block devices make a new instance, unless
only DeleteOnTermination changes; type and user data stop it and start it again."""


def compute_kinds(site: Site) -> dict[str, Kind]:
    compute = _Compute(site)
    return {
        "AWS::EC2::Instance": Kind(
            compute.create, compute.delete, compute.update, replacing=REPLACES, conditional=CONDITIONAL
        ),
        "AWS::EC2::KeyPair": Kind(
            compute.create_key,
            compute.delete_key,
            # CloudFormation can update nothing of a key pair; a changed tag replaces it too.
            replacing=frozenset({"KeyFormat", "KeyName", "KeyType", "PublicKeyMaterial", "Tags"}),
        ),
    }


def as_instance(emulator: Any, account: str, region: str, record: dict[str, Any]) -> model.Instance:
    """An EC2 instance record as the view that the other parts read."""
    key = emulator.key_pairs.get_scoped(account, region, record.get("KeyName") or "", {})
    return model.Instance(
        id=record["InstanceId"],
        account=account,
        region=region,
        address=record["PrivateIpAddress"],
        authorized_key=key.get("PublicKeyMaterial"),
        groups=tuple(group["GroupId"] for group in record["SecurityGroups"]),
        user_data=_text(record.get("UserData") or ""),
        image=record["ImageId"],
        state=record["State"]["Name"],
        door=record.get("_hivemind_door"),
    )


def _devices(properties: Properties) -> list[Any]:
    """The block devices, without the one thing of them that can change in place."""
    return [
        {**one, "Ebs": {key: value for key, value in one.get("Ebs", {}).items() if key != "DeleteOnTermination"}}
        for one in properties.get("BlockDeviceMappings") or ()
    ]


def _text(user_data: str) -> str:
    try:
        return base64.b64decode(user_data, validate=True).decode("utf-8", "replace")
    except ValueError:
        return user_data


class Launching(Protocol):
    """What starts and ends instances."""

    def launch(self, properties: Properties, door: Callable[[dict[str, Any]], int] | None = None) -> dict[str, Any]: ...
    def end(self, physical_id: str) -> None: ...


def launching(site: Site) -> Launching:
    """What starts and ends instances that are no resources of a stack."""
    return _Compute(site)


class _Compute:
    def __init__(self, site: Site) -> None:
        self._site, self._emulator = site, site.emulator

    def create(self, logical_id: str, properties: Properties, _stack: str) -> Made:
        require(logical_id, properties, "ImageId")
        record = self.launch(properties)
        return record["InstanceId"], self._attributes(record)

    def launch(self, properties: Properties, door: Callable[[dict[str, Any]], int] | None = None) -> dict[str, Any]:
        """Starts an instance; its record. door: opens what it reaches of AWS, and says at which port."""
        interface = (properties.get("NetworkInterfaces") or [{}])[0]
        subnet = properties.get("SubnetId") or interface.get("SubnetId")
        groups = list(properties.get("SecurityGroupIds") or interface.get("GroupSet") or [])
        self._check(properties, subnet, groups)
        if not subnet:
            subnet = next((key for key, s in self._emulator.subnets.items() if s.get("DefaultForAz")), None)
            if subnet is None:
                raise failed("No default subnet for availability zone: 'null'.", "Ec2")
        wanted = properties.get("PrivateIpAddress") or interface.get("PrivateIpAddress")
        address = free_address(self._emulator, subnet, wanted)
        if address is None:
            reason = f"Address {wanted} is in use." if wanted else f"There are not enough free addresses in {subnet}."
            raise failed(reason, "Ec2", code="ServiceLimitExceeded")
        record = self._launch(properties, subnet, groups, address, interface)
        try:
            account, region = self._emulator.account, self._emulator.region
            if door is not None:
                record["_hivemind_door"] = door(record)
            instance = as_instance(self._emulator, account, region, record)
            key = self._site.run(self._site.machines.start(instance, self._site.view))
        except Exception:
            self._emulator.discard_instance(record)
            raise
        record["_hivemind_started"] = True
        self._site.host_key(record["InstanceId"], key)
        return record

    def _check(self, properties: Properties, subnet: str | None, groups: list[str]) -> None:
        image, size = properties["ImageId"], properties.get("InstanceType", "m1.small")
        if not self._emulator.image_exists(image):
            raise failed(f"The image id '[{image}]' does not exist", "Ec2", code="NotFound")
        if not catalog.is_instance_type(size):
            raise failed(f"Invalid value '{size}' for InstanceType.", "Ec2")
        if catalog.is_arm(size) != catalog.image_is_arm(image):
            wants, has = ("arm64", "x86_64") if catalog.is_arm(size) else ("x86_64", "arm64")
            raise failed(
                f"The architecture '{wants}' of the specified instance type does not match the architecture "
                f"'{has}' of the specified AMI. Specify an instance type and an AMI that have matching "
                "architectures, and try again.",
                "Ec2",
            )
        if subnet and subnet not in self._emulator.subnets:
            raise failed(f"The subnet ID '{subnet}' does not exist", "Ec2", code="NotFound")
        self._check_groups(subnet, groups)
        name = properties.get("KeyName")
        if name and name not in self._emulator.key_pairs:
            raise failed(f"The key pair '{name}' does not exist", "Ec2", code="NotFound")
        self._profile(properties)

    def _check_groups(self, subnet: str | None, groups: list[str]) -> None:
        for group in groups:
            record = self._emulator.security_groups.get(group)
            if record is None:
                raise failed(f"The security group '{group}' does not exist", "Ec2", code="NotFound")
            if subnet and record["VpcId"] != self._emulator.subnets[subnet]["VpcId"]:
                raise failed(f"Security group {group} and subnet {subnet} belong to different networks.", "Ec2")

    def _profile(self, properties: Properties) -> dict[str, Any] | None:
        name = properties.get("IamInstanceProfile")
        if not name:
            return None
        profile = self._emulator.instance_profile(name)
        if profile is None:
            raise failed(
                f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
                "Ec2",
            )
        return profile

    def _launch(
        self, properties: Properties, subnet: str, groups: list[str], address: str, interface: Properties
    ) -> dict[str, Any]:
        record = self._emulator.launch(
            properties["ImageId"],
            properties.get("InstanceType", "m1.small"),
            subnet,
            address,
            key_name=properties.get("KeyName") or "",
            user_data=properties.get("UserData") or "",
            sg_ids=groups or None,
            iam_profile=self._profile(properties),
        )
        place = self._emulator.subnets[subnet]
        chosen = interface.get("AssociatePublicIpAddress")
        public = is_true(place.get("MapPublicIpOnLaunch") if chosen is None else chosen)
        dashes = address.replace(".", "-")
        record["Placement"]["AvailabilityZone"] = place["AvailabilityZone"]
        record["Architecture"] = "arm64" if catalog.image_is_arm(properties["ImageId"]) else "x86_64"
        record["PrivateDnsName"] = f"ip-{dashes}.{self._emulator.region}.compute.internal"
        record["PublicIpAddress"] = self._public_address() if public else ""
        record["PublicDnsName"] = ""
        tag(self._site, record["InstanceId"], properties)
        return record

    def _public_address(self) -> str:
        used = {record.get("PublicIpAddress") for record in self._emulator.instances.values()}
        # TEST-NET-1 (RFC 5737): never anybody's real address.
        return next(a for a in (f"192.0.2.{last}" for last in range(1, 255)) if a not in used)

    def _attributes(self, record: dict[str, Any]) -> dict[str, Any]:
        return {
            "InstanceId": record["InstanceId"],
            "PrivateIp": record["PrivateIpAddress"],
            "PrivateDnsName": record["PrivateDnsName"],
            "PublicIp": record["PublicIpAddress"],
            "PublicDnsName": record["PublicDnsName"],
            "AvailabilityZone": record["Placement"]["AvailabilityZone"],
            "VpcId": record["VpcId"],
            "State.Name": record["State"]["Name"],
        }

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        if _devices(old) != _devices(new):
            return self.create(logical_id, new, stack)
        record = self._emulator.instances[physical_id]
        size = new.get("InstanceType", record["InstanceType"])
        if not catalog.is_instance_type(size):
            raise failed(f"Invalid value '{size}' for InstanceType.", "Ec2")
        groups = list(new.get("SecurityGroupIds") or [])
        self._check_groups(record["SubnetId"], groups)
        if any(old.get(name) != new.get(name) for name in ("EbsOptimized", "InstanceType", "UserData")):
            self._restart(record, size, new.get("UserData") or "")
        record["IamInstanceProfile"] = self._profile(new)
        if groups:
            known = self._emulator.security_groups
            record["SecurityGroups"] = [{"GroupId": g, "GroupName": known[g]["GroupName"]} for g in groups]
        tag(self._site, physical_id, new)
        return physical_id, self._attributes(record)

    def _restart(self, record: dict[str, Any], size: str, user_data: str) -> None:
        """Stops an instance and starts it again, as CloudFormation does to change its type."""
        name, runs = record["InstanceId"], record["State"]["Name"] == "running"
        # Neither running nor stopped, or it would be brought in step with that meanwhile.
        record["State"] = {"Code": 64, "Name": "stopping"}
        self._site.run(self._site.machines.stop(name))
        record["InstanceType"], record["UserData"] = size, user_data
        if not runs:
            record["State"] = {"Code": 80, "Name": "stopped"}
            return
        record["State"] = {"Code": 0, "Name": "pending"}
        instance = as_instance(self._emulator, self._emulator.account, self._emulator.region, record)
        self._site.host_key(name, self._site.run(self._site.machines.start(instance, self._site.view)))
        record["State"] = {"Code": 16, "Name": "running"}

    def delete(self, physical_id: str, properties: Properties) -> None:
        record = self._emulator.instances.get(physical_id)
        if record is None or record["State"]["Name"] == "terminated":
            return
        if is_true(properties.get("DisableApiTermination")):
            raise failed(
                f"The instance '{physical_id}' may not be terminated. Modify its 'disableApiTermination' instance "
                "attribute and try again.",
                "Ec2",
            )
        self.end(physical_id)

    def end(self, physical_id: str) -> None:
        """Ends an instance, if it is there."""
        record = self._emulator.instances.get(physical_id)
        if record is None:
            return
        # First, or the instance would be taken for one that must be brought back.
        record["_hivemind_started"] = False
        record["State"] = {"Code": 32, "Name": "shutting-down"}
        self._site.run(self._site.machines.terminate(physical_id))
        self._emulator.discard_instance(record)

    # -- key pairs -------------------------------------------------------------------------------------

    def create_key(self, logical_id: str, properties: Properties, _stack: str) -> Made:
        require(logical_id, properties, "KeyName")
        name, material = properties["KeyName"], properties.get("PublicKeyMaterial")
        if name in self._emulator.key_pairs:
            raise failed(f"The keypair '{name}' already exists.", "Ec2", code="AlreadyExists")
        if not material:
            raise failed(
                "The local cloud imports key pairs only: set PublicKeyMaterial. A generated one would need its "
                "private half in an SSM parameter.",
                "Ec2",
            )
        try:
            body = base64.b64decode(str(material).split()[1], validate=True)
        except (IndexError, ValueError):
            raise failed("Key is not in valid OpenSSH public key format", "Ec2") from None
        identity = f"key-{secrets.token_hex(9)[:17]}"
        fingerprint = base64.b64encode(hashlib.sha256(body).digest()).decode()
        self._emulator.key_pairs[name] = {
            "KeyName": name,
            "KeyFingerprint": fingerprint,
            "KeyPairId": identity,
            "PublicKeyMaterial": str(material).strip(),
        }
        tag(self._site, identity, properties)
        return name, {"KeyName": name, "KeyPairId": identity, "KeyFingerprint": fingerprint}

    def delete_key(self, physical_id: str, _properties: Properties) -> None:
        record = self._emulator.key_pairs.pop(physical_id, None)
        if record:
            self._emulator.ec2_tags.pop(record["KeyPairId"], None)
