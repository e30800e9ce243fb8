"""RDS DB instances, each a real PostgreSQL or MariaDB, and their subnet groups."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Any

from hivemind.local import databases, mariadb
from hivemind.local.resource_kind import Kind, Made, Properties, failed, is_true, require
from hivemind.local.resources import catalog
from hivemind.local.resources.final_snapshots import FinalSnapshots
from hivemind.local.resources.site import REALLY, Site, free_address, server_key


def database_kinds(site: Site, own: dict[str, Kind]) -> dict[str, Kind]:
    """own: the emulator's resource types."""
    database = _Database(site, own["AWS::RDS::DBInstance"], own["AWS::RDS::DBSubnetGroup"])
    return {
        "AWS::RDS::DBInstance": replace(
            own["AWS::RDS::DBInstance"],
            create=database.create,
            update=database.update,
            delete=database.delete,
            snapshot=database.finals.note,
        ),
        "AWS::RDS::DBSubnetGroup": replace(
            own["AWS::RDS::DBSubnetGroup"], create=database.create_group, delete=database.delete_group
        ),
    }


def failed_rds(message: str, *, code: str = "InvalidRequest") -> Exception:
    return failed(message, "Rds", code=code)


class _Database:
    def __init__(self, site: Site, own: Kind, group: Kind) -> None:
        self._site, self._emulator, self._own, self._group = site, site.emulator, own, group
        self.finals = FinalSnapshots(site.emulator)

    def _key(self, name: str) -> str:
        return server_key(self._emulator.account, self._emulator.region, name)

    # -- checks ----------------------------------------------------------------------------------------

    def _check(self, logical_id: str, properties: Properties) -> None:
        restores = bool(properties.get("DBSnapshotIdentifier"))
        engine = properties.get("Engine")
        if not restores:
            require(logical_id, properties, "Engine", "MasterUsername", "MasterUserPassword", "AllocatedStorage")
        if engine and engine not in databases.ENGINES:
            ours = ", ".join(databases.ENGINES)
            raise failed_rds(f"Invalid DB engine: {engine}. The local cloud runs {ours} only.")
        if engine in (databases.MYSQL, databases.MARIADB) and not mariadb.is_there():
            raise failed_rds(f"The local cloud runs {engine} by {mariadb.PROGRAM}: {mariadb.INSTALL}")
        self._check_size(properties)
        self._check_master(properties)
        for group in properties.get("VPCSecurityGroups") or []:
            if group not in self._emulator.security_groups:
                raise failed_rds(f"Invalid security group , groupId= {group}, groupName=.")
        name = properties.get("DBSubnetGroupName")
        if name and name not in self._emulator.subnet_groups:
            raise failed_rds(f"DB subnet group '{name}' does not exist.", code="NotFound")
        wanted = properties.get("DBInstanceIdentifier")
        if wanted and not re.fullmatch(r"[a-z](?!.*--)[a-z0-9-]{0,61}[a-z0-9]|[a-z]", wanted.lower()):
            raise failed_rds(
                "The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter; "
                "must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two "
                "consecutive hyphens."
            )

    def _check_size(self, properties: Properties) -> None:
        size = properties.get("DBInstanceClass", "")
        if not catalog.is_db_class(size):
            raise failed_rds(f"Invalid DB Instance class: {size}")
        engine = str(properties.get("Engine") or databases.POSTGRES)
        version = str(properties.get("EngineVersion") or "")
        if version and not catalog.is_engine_version(version, engine):
            raise failed_rds(f"Cannot find version {version} for {engine}")
        kind, storage = properties.get("StorageType", "gp2"), properties.get("AllocatedStorage")
        least = 100 if kind in {"io1", "io2"} else 5 if kind == "standard" else 20
        if storage not in (None, "") and not least <= int(storage) <= 65536:
            raise failed_rds(f"Invalid storage size for engine name {engine} and storage type {kind}: {storage}")

    @staticmethod
    def _check_master(properties: Properties) -> None:
        user, password = properties.get("MasterUsername"), properties.get("MasterUserPassword")
        if user and user.lower() in catalog.RESERVED_MASTER_NAMES:
            raise failed_rds(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
        if user and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", user):
            raise failed_rds(f"The parameter MasterUsername is not valid: {user}")
        if password is None:
            return
        if len(password) < 8:
            raise failed_rds(
                "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters."
            )
        if any(c in '/@" ' or not "!" <= c <= "~" for c in password):
            raise failed_rds(
                "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides "
                "'/', '@', '\\\"', ' ' may be used."
            )

    @staticmethod
    def _check_upgrade(old: Properties, new: Properties) -> None:
        versions = [str(properties.get("EngineVersion") or "") for properties in (old, new)]
        before, after = ([int(part) for part in version.split(".") if part.isdigit()] for version in versions)
        known, engine = min(len(before), len(after)), str(new.get("Engine") or databases.POSTGRES)
        if after[:known] < before[:known]:
            raise failed_rds(f"Cannot upgrade {engine} from {versions[0]} to {versions[1]}")
        parts = min(known, 1 if engine == databases.POSTGRES else 2)
        if after[:parts] > before[:parts] and not is_true(new.get("AllowMajorVersionUpgrade")):
            raise failed_rds("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")

    # -- life ------------------------------------------------------------------------------------------

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        self._check(logical_id, properties)
        name = properties.get("DBInstanceIdentifier")
        if name and name in self._emulator.databases:
            raise failed_rds("DB instance already exists", code="AlreadyExists")
        restore = properties.get("DBSnapshotIdentifier")
        source = self._emulator.db_snapshots.get(restore) if restore else None
        if restore and source is None:
            raise failed_rds(f"DBSnapshot not found: {restore}", code="NotFound")
        given = dict(properties)
        given.setdefault("Engine", (source or {}).get("Engine", databases.POSTGRES))
        given["MasterUsername"] = given.get("MasterUsername") or (source or {}).get("MasterUsername", "postgres")
        password = given.get("MasterUserPassword") or secrets.token_urlsafe(24)
        physical_id, _ = self._own.create(logical_id, given, stack)
        record = self._emulator.databases[physical_id]
        try:
            start = self._site.databases.create(
                self._key(physical_id),
                given["MasterUsername"],
                password,
                properties.get("DBName") or (source or {}).get("DBName"),
                source["_hivemind_dump"] if source else None,
                engine=str(given["Engine"]),
                demands_tls=_demands_tls(given),
            )
            port = self._site.run(start)
            self._place(record, properties, port)
        except Exception:
            self._emulator.databases.pop(physical_id, None)
            self._site.run(self._site.databases.remove(self._key(physical_id)))
            raise
        return physical_id, _attributes(record)

    def _place(self, record: dict[str, Any], properties: Properties, port: int) -> None:
        """The endpoint: an address of the VPC where instances have networks of their own."""
        # The password is the database's and the secret's; the emulator's files need none.
        record["_MasterUserPassword"] = ""
        record["DBName"] = properties.get("DBName") or record.get("DBName", "")
        record["TagList"] = [
            *record.get("TagList", []),
            {"Key": REALLY, "Value": self._site.databases.version(record["Engine"])},
        ]
        members = record["DBSubnetGroup"].get("Subnets") or []
        record["Endpoint"] = {"Address": "127.0.0.1", "Port": port, "HostedZoneId": "Z2R2ITUGPM61AM"}
        if self._site.machines.mode != "namespaces" or not members:
            return
        address = free_address(self._emulator, members[0]["SubnetIdentifier"])
        if address is None:
            raise failed_rds("There are not enough free addresses in the DB subnet group.")
        zone = members[0].get("SubnetAvailabilityZone") or {}
        record["AvailabilityZone"] = zone.get("Name", record["AvailabilityZone"])
        record["Endpoint"] |= {
            "Address": address,
            "Port": int(properties.get("Port") or databases.PORTS[record["Engine"]]),
        }

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        self._check(logical_id, new)
        before, after = (int(p.get("AllocatedStorage") or 20) for p in (old, new))
        if after < before:
            text = f"Requested storage size ({after}) cannot be less than the current storage size ({before})"
            raise failed_rds(text)
        self._check_upgrade(old, new)
        assert self._own.update is not None
        endpoint = dict(self._emulator.databases[physical_id]["Endpoint"])
        # The name in both, for the emulator would make another one and take that for a replacement.
        named = [{**properties, "DBInstanceIdentifier": physical_id} for properties in (old, new)]
        made, _ = self._own.update(physical_id, named[0], named[1], stack, logical_id)
        record = self._emulator.databases[made]
        record["Endpoint"], record["_MasterUserPassword"] = endpoint, ""
        password = new.get("MasterUserPassword")
        if password and password != old.get("MasterUserPassword"):
            self._site.run(self._site.databases.set_password(self._key(made), record["MasterUsername"], password))
        self._site.databases.demand_tls(self._key(made), _demands_tls(new))
        return made, _attributes(record)

    def delete(self, physical_id: str, properties: Properties) -> None:
        record = self._emulator.databases.get(physical_id)
        if record is None:
            return
        if is_true(record.get("DeletionProtection")):
            raise failed_rds("Cannot delete protected DB Instance, please disable deletion protection and try again.")
        if self.finals.wanted(physical_id, record.get("TagList", [])):
            self._snapshot(physical_id, record)
        self._site.run(self._site.databases.remove(self._key(physical_id)))
        self._own.delete(physical_id, properties)

    def _snapshot(self, physical_id: str, record: dict[str, Any]) -> None:
        name = self.finals.name(physical_id)
        dump = self._key(name) + (".sql" if record["Engine"] == databases.POSTGRES else ".tar")
        self._site.run(self._site.databases.snapshot(self._key(physical_id), dump))
        kept = self._emulator.add_db_snapshot(name, record)
        kept["VpcId"] = record["DBSubnetGroup"].get("VpcId", "")
        kept["TagList"] = list(record.get("TagList", []))
        kept["_hivemind_dump"] = dump

    # -- subnet groups ---------------------------------------------------------------------------------

    def create_group(self, logical_id: str, properties: Properties, stack: str) -> Made:
        require(logical_id, properties, "DBSubnetGroupDescription", "SubnetIds")
        zones = set()
        for subnet in properties["SubnetIds"]:
            if subnet not in self._emulator.subnets:
                raise failed_rds(f"Some input subnets in :[{subnet}] are invalid.")
            zones.add(self._emulator.subnets[subnet]["AvailabilityZone"])
        if len(zones) < 2:
            raise failed_rds(
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
                f"{', '.join(sorted(zones))}. Add subnets to cover at least 2 AZs."
            )
        return self._group.create(logical_id, properties, stack)

    def delete_group(self, physical_id: str, properties: Properties) -> None:
        for name, record in self._emulator.databases.items():
            if record["DBSubnetGroup"].get("DBSubnetGroupName") == physical_id:
                raise failed_rds(
                    f"Cannot delete the subnet group '{physical_id}' because at least one database instance: {name} "
                    "is still using it."
                )
        self._group.delete(physical_id, properties)


def _demands_tls(properties: Properties) -> bool:
    """By the default parameter groups: `rds.force_ssl` is 1 from version 15 on. What another group says is not read."""
    if properties.get("Engine", databases.POSTGRES) != databases.POSTGRES:
        return False
    version = str(properties.get("EngineVersion") or catalog.POSTGRES_MAJORS[-1])
    return int(version.partition(".")[0]) >= 15 and not properties.get("DBParameterGroupName")


def _attributes(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "Endpoint.Address": record["Endpoint"]["Address"],
        "Endpoint.Port": str(record["Endpoint"]["Port"]),
        "Endpoint.HostedZoneId": record["Endpoint"]["HostedZoneId"],
        "DbiResourceId": record["DbiResourceId"],
        "DBInstanceArn": record["DBInstanceArn"],
    }
