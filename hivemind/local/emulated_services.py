"""The emulator's other services: records that our own resource types make, find and take away.

Knows private names of ministack; `emulator.py` says who does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.local.emulated_stores import Stores
from hivemind.local.model import Datum


class Services(Stores):
    """EC2, Secrets Manager, RDS, ElastiCache and CloudWatch as the emulator has them."""

    def launch(self, image: str, size: str, subnet: str, address: str, **options: Any) -> dict[str, Any]:
        """A new EC2 instance record. options: key_name, user_data, sg_ids, iam_profile."""
        record: dict[str, Any] = self._modules["ec2"]._launch_instances_internal(
            image, size, subnet, 1, requested_private_ip=address, **options
        )[0]
        return record

    def instance_profile(self, name: str) -> dict[str, Any] | None:
        """The `IamInstanceProfile` value of an instance for a profile's name; None: no such profile."""
        found, error = self._modules["ec2"]._resolve_iam_instance_profile(iam_name=name)
        return None if error else found

    def discard_instance(self, record: dict[str, Any]) -> None:
        """Forgets an instance and its root volume as if it never was."""
        self._modules["ec2"]._discard_instance_records(record)

    def secret(self, reference: str) -> tuple[str, dict[str, Any]] | None:
        """(key in the store, record) of a secret by name or ARN."""
        key, record = self._secrets._resolve(reference)
        return (key, record) if record else None

    def compare_secrets_by_arn(self) -> None:
        """Has drift detection find secrets: it looks for a physical id, the ARN, among their names."""
        readers = self._handlers._drift._DRIFT_READERS
        read, properties = readers["AWS::SecretsManager::Secret"]

        def by_arn(physical_id: str, wanted: Mapping[str, Any]) -> Any:
            found = self.secret(physical_id)
            return read(found[0], wanted) if found else None

        readers["AWS::SecretsManager::Secret"] = (by_arn, properties)

    def publish_images(self, images: tuple[tuple[str, str, str, str, str], ...], aliases: Mapping[str, str]) -> None:
        """Adds public images (id, name, description, owner, owner alias) and SSM parameters that name them."""
        stubs = self._modules["ec2"]._STUB_AMIS
        stubs[:] = [
            (ami, name, description, "", "/dev/xvda", owner, alias) for ami, name, description, owner, alias in images
        ]
        parameters = self._modules["ssm"]._PUBLIC_AMI_PARAMETERS
        parameters.clear()
        parameters.update(aliases)

    def image_exists(self, image: str) -> bool:
        return any(stub[0] == image for stub in self._modules["ec2"]._STUB_AMIS)

    def add_db_snapshot(self, name: str, database: dict[str, Any]) -> dict[str, Any]:
        """A DB snapshot record of a DB instance record."""
        snapshot: dict[str, Any] = self._modules["rds"]._create_snapshot_internal(name, database)
        return snapshot

    def add_cache_snapshot(self, name: str, group: str) -> dict[str, Any]:
        """A snapshot record of a replication group. group: its id."""
        self._modules["elasticache"]._create_snapshot({"SnapshotName": name, "ReplicationGroupId": group})
        snapshot: dict[str, Any] = self.cache_snapshots[name]
        return snapshot

    def put_metric(self, datum: Datum) -> None:
        """Keeps a value of a CloudWatch metric, now; alarms see it."""
        cloudwatch = self._modules["cloudwatch"]
        sent = {
            "MetricName": datum.name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in datum.dimensions.items()],
            "Value": datum.value,
            "Unit": datum.unit,
        }
        request = {"Namespace": datum.namespace, "MetricData": [sent]}
        with self.scope(datum.account, datum.region):
            cloudwatch._put_metric_data({}, request, is_cbor=False, is_json=True)
