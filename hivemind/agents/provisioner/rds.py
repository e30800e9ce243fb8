"""Databases on RDS: an instance in the private subnets, its generated secret, and what a service finds of it.

What differs between engines is an Engine (`postgres.py`, `mysql.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.agents.provisioner.needed import BACKUP_DAYS, security_group
from hivemind.blueprint.model import Blueprint, DeploymentStage, Resource
from hivemind.blueprint.provided import url_variable
from hivemind.template.fragment import Binding, Fragment
from hivemind.template.names import ESTABLISHED, PRIVATE_SUBNETS, logical_id, security_group_id
from hivemind.values.findings import Finding, Severity

USER = "app"
DATABASE = "app"
PASSWORD_LENGTH = 32
SIZE = "db.t3.micro"


@dataclass(frozen=True)
class Engine:
    """name: as RDS knows it; the resource's type, too. words: as people know it. port: TCP. version: without one in the
    blueprint. versions: how such an option is explained, with two more examples. parts: numbers of a version that name
    a line of releases, of which RDS takes the newest. logs: those that go to CloudWatch. scheme: of a URL. variables:
    beginning of those with a part of the login each. longest_user: characters of a master user's name."""

    name: str
    words: str
    port: int
    version: str
    versions: tuple[str, str, str]
    parts: int
    logs: tuple[str, ...]
    scheme: str
    variables: str
    longest_user: int


def schema(engine: Engine) -> Mapping[str, Any]:
    """The options of a database of this engine."""
    explained, *examples = engine.versions
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "version": {
                "type": "string",
                "format": f"{engine.name}-version",
                "default": engine.version,
                "description": explained,
                "examples": [engine.version, *examples],
            },
            "major_upgrade": {
                "type": "boolean",
                "default": False,
                "description": f"Allow a change of `version` to be a major upgrade, such as {engine.version} to "
                f"{examples[0]}. The database is down during the upgrade, and cannot go back.",
                "examples": [True],
            },
            **_OPTIONS,
            "user": {
                "type": "string",
                "pattern": f"^[A-Za-z][A-Za-z0-9_]{{0,{engine.longest_user - 1}}}$",
                "description": f"Name of the master user in the snapshot. Its password is a new one. Default: {USER}.",
                "examples": ["postgres"],
            },
        },
    }


_OPTIONS: Mapping[str, Any] = {
    "size": {
        "type": "string",
        "pattern": r"^db\.[a-z0-9]+\.[a-z0-9]+$",
        "default": "db.t3.micro",
        "description": "RDS instance class.",
        "examples": ["db.t3.micro", "db.t4g.small", "db.m7g.large"],
    },
    "storage": {
        "type": "integer",
        "minimum": 20,
        "maximum": 65536,
        "default": 20,
        "description": "Storage in GB. It can grow later, but never shrink.",
        "examples": [20, 100],
    },
    "max_storage": {
        "type": "integer",
        "minimum": 22,
        "maximum": 65536,
        "description": "Largest storage in GB. Full storage grows up to this size. Default: no growth.",
        "examples": [100],
    },
    "backup": {
        "type": "integer",
        "minimum": 0,
        "maximum": 35,
        "description": "Days to keep automatic backups; 0 for none. Default: 7, or 1 in stage-1.",
        "examples": [7, 30],
    },
    "multi_az": {
        "type": "boolean",
        "description": "Keep a standby in another availability zone, which takes over when the database fails. "
        "It doubles the price of the database. Default: true, or false in stage-1.",
        "examples": [False],
    },
    "database": {
        "type": "string",
        "pattern": "^[a-z][a-z0-9_]{0,62}$",
        "default": DATABASE,
        "description": "Name of the database. A change replaces the whole instance. With `snapshot`, the name that the "
        "database has in it.",
        "examples": ["shop"],
    },
    "snapshot": {
        "type": "string",
        "pattern": r"^(?!.*--)[A-Za-z][A-Za-z0-9:-]{0,254}(?<!-)$|^arn:aws[a-z-]*:rds:\S+$",
        "description": "Name or ARN of an RDS snapshot that the database is created from. Keep the line afterwards: "
        "it is not restored again, and without it the database is replaced by an empty one.",
        "examples": ["shop-production-dbdatabase-snapshot-1a2b3c"],
    },
    "deletion_protection": {
        "type": "boolean",
        "description": "Let RDS refuse to delete the instance until `hivemind destroy --unprotect`. Default: "
        "true from the second revision on, so that a first creation that fails can be rolled back; false in "
        "stage-1. In any case, RDS takes a snapshot before deletion. It costs nothing.",
        "examples": [False],
    },
    "logs": {
        "type": "boolean",
        "description": "Send the database's logs to CloudWatch Logs, where they cost about 0.50 USD a GB and stay "
        "after `hivemind destroy`. Default: true, or false in stage-1.",
        "examples": [False],
    },
}


def without_snapshot(resource: Resource) -> Iterator[Finding]:
    """H163: a master user is named that nothing brings."""
    if "user" in resource.options and "snapshot" not in resource.options:
        path = f"resources.{resource.name}.user"
        message = f"{path} names the master user of a snapshot, but there is no `snapshot`"
        hint = f"Remove `user`: a new database has the user `{USER}`. Or add the `snapshot` to restore."
        yield Finding("H163", Severity.ERROR, message, None, hint, "provisioner", path)


def secret_id(name: str) -> str:
    """The logical id of the secret with the credentials of the database resource `name`."""
    return logical_id(name, "DatabaseSecret")


def fragment(blueprint: Blueprint, resource: Resource, engine: Engine) -> Fragment:
    """Secret, subnet group, security group and instance of one database."""
    name = resource.name
    return Fragment(
        path=f"resources.{name}",
        resources={
            secret_id(name): _secret(blueprint, resource),
            _subnet_group(name): {
                "Type": "AWS::RDS::DBSubnetGroup",
                "Properties": {
                    "DBSubnetGroupDescription": f"Private subnets, for {name}",
                    "SubnetIds": [{"Ref": subnet} for subnet in PRIVATE_SUBNETS],
                },
            },
            _security_group(name): security_group(blueprint, name, "Database", engine.port),
            logical_id(name, "Database"): _database(blueprint, resource, engine),
        },
        outputs={
            _output(name, "Host"): {"Value": {"Fn::GetAtt": [logical_id(name, "Database"), "Endpoint.Address"]}},
            _output(name, "Port"): {"Value": {"Fn::GetAtt": [logical_id(name, "Database"), "Endpoint.Port"]}},
            _output(name, "SecretArn"): {"Value": {"Ref": secret_id(name)}},
        },
        bindings=(_binding(resource, engine),),
    )


def _subnet_group(name: str) -> str:
    return logical_id(name, "DatabaseSubnetGroup")


def _security_group(name: str) -> str:
    return logical_id(name, "DatabaseSecurityGroup")


def _output(name: str, what: str) -> str:
    return logical_id(name, what)


def _secret(blueprint: Blueprint, resource: Resource) -> Mapping[str, Any]:
    # It goes with its database: a restored snapshot gets a password of its own.
    return {
        "Type": "AWS::SecretsManager::Secret",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {
            "Description": f"Login of database {resource.name} of {blueprint.stack_name}",
            "GenerateSecretString": {
                "SecretStringTemplate": f'{{"username":"{resource.options.get("user", USER)}"}}',
                "GenerateStringKey": "password",
                "PasswordLength": PASSWORD_LENGTH,
                "ExcludePunctuation": True,
            },
        },
    }


def _database(blueprint: Blueprint, resource: Resource, engine: Engine) -> Mapping[str, Any]:
    options = resource.options
    production = blueprint.stage is DeploymentStage.PRODUCTION
    protected = {"Fn::If": [ESTABLISHED, True, False]} if production else False
    secret = f"{{{{resolve:secretsmanager:${{{secret_id(resource.name)}}}:SecretString:"
    upgrading = {"AllowMajorVersionUpgrade": True} if options.get("major_upgrade") else {}
    growing = {"MaxAllocatedStorage": options["max_storage"]} if "max_storage" in options else {}
    return {
        "Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Snapshot",
        "UpdateReplacePolicy": "Snapshot",
        "Properties": {
            "Engine": engine.name,
            "EngineVersion": options.get("version", engine.version),
            **upgrading,
            "DBInstanceClass": options.get("size", SIZE),
            "StorageType": "gp3",
            "AllocatedStorage": str(options.get("storage", 20)),
            **growing,
            **_origin(options, secret),
            "Port": str(engine.port),
            "MasterUserPassword": {"Fn::Sub": secret + "password}}"},
            "DBSubnetGroupName": {"Ref": _subnet_group(resource.name)},
            "VPCSecurityGroups": [security_group_id(_security_group(resource.name))],
            "PubliclyAccessible": False,
            "MultiAZ": options.get("multi_az", production),
            "BackupRetentionPeriod": options.get("backup", BACKUP_DAYS[blueprint.stage]),
            "CopyTagsToSnapshot": True,
            "AutoMinorVersionUpgrade": options.get("version", engine.version).count(".") < engine.parts,
            "DeletionProtection": options.get("deletion_protection", protected),
            **({"EnableCloudwatchLogsExports": list(engine.logs)} if options.get("logs", production) else {}),
        },
    }


def _origin(options: Mapping[str, Any], secret: str) -> Mapping[str, Any]:
    """Properties that say what is in a new database: nothing, or what a snapshot holds.

    A snapshot brings its databases, its master user and its encryption, which can't be given beside it (AWS
    CloudFormation Template Reference, AWS::RDS::DBInstance, DBSnapshotIdentifier). The same page excludes the password,
    but CloudFormation's handler sets it after the restore (`shouldUpdateAfterCreate` in
    aws-cloudformation-resource-providers-rds)."""
    if "snapshot" in options:
        return {"DBSnapshotIdentifier": options["snapshot"]}
    return {
        "StorageEncrypted": True,
        "DBName": options.get("database", DATABASE),
        "MasterUsername": {"Fn::Sub": secret + "username}}"},
    }


def _binding(resource: Resource, engine: Engine) -> Binding:
    name, part = resource.name, engine.variables
    database = resource.options.get("database", DATABASE)
    url = f"{engine.scheme}://{{user}}:{{password}}@{{host}}:{{port}}/{database}"
    return Binding(
        resource=name,
        env={
            "DATABASE_URL": url,
            url_variable(name): url,
            f"{part}HOST": "{host}",
            f"{part}PORT": "{port}",
            f"{part}USER": "{user}",
            f"{part}PASSWORD": "{password}",
            f"{part}DATABASE": database,
        },
        outputs={"host": _output(name, "Host"), "port": _output(name, "Port")},
        secrets={
            "user": (_output(name, "SecretArn"), "username"),
            "password": (_output(name, "SecretArn"), "password"),
        },
    )
