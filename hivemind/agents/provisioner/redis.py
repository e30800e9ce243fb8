"""Redis: an ElastiCache replication group in the private subnets, and what a service finds of it.

It runs Valkey, the open continuation of Redis: Redis clients work with it unchanged, and its nodes cost up to a fifth
less than those of Redis OSS, whose newest versions ElastiCache does not have (Amazon ElastiCache FAQs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.agents.provisioner.needed import BACKUP_DAYS, security_group
from hivemind.blueprint.model import Blueprint, Resource
from hivemind.blueprint.provided import url_variable
from hivemind.template.fragment import Binding, Fragment
from hivemind.template.names import PRIVATE_SUBNETS, logical_id, security_group_id

TYPE = "redis"
PORT = 6379
VERSION = "8.2"
SIZE = "cache.t3.micro"

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "version": {
            "type": "string",
            "format": "valkey-version",
            "default": VERSION,
            "description": "Valkey version; Redis clients work with Valkey. Quote it, so that YAML reads it as "
            "text. An upgrade keeps the data; a downgrade is not possible.",
            "examples": ["8.2", "9.1"],
        },
        "size": {
            "type": "string",
            "pattern": r"^cache\.[a-z0-9]+\.[a-z0-9]+$",
            "default": SIZE,
            "description": "ElastiCache node type.",
            "examples": ["cache.t3.micro", "cache.t4g.small", "cache.m7g.large"],
        },
        "multi_az": {
            "type": "boolean",
            "default": False,
            "description": "Keep a replica in another availability zone, which takes over when the node fails. Without "
            "one, an empty node replaces a failed node.",
            "examples": [True],
        },
        "backup": {
            "type": "integer",
            "minimum": 0,
            "maximum": 35,
            "description": "Days to keep daily backups; 0 for none. Default: 7, or 1 in stage-1.",
            "examples": [7, 30],
        },
        "tls": {
            "type": "boolean",
            "default": False,
            "description": "Encrypt connections. The address is then a rediss:// URL, for which some clients need "
            "settings of their own. With or without TLS, only the services' instances can connect. Not available "
            "in the local cloud.",
            "examples": [True],
        },
    },
}


def fragment(blueprint: Blueprint, resource: Resource) -> Fragment:
    """Subnet group, security group and replication group of one Redis."""
    name = resource.name
    return Fragment(
        path=f"resources.{name}",
        resources={
            _subnet_group(name): {
                "Type": "AWS::ElastiCache::SubnetGroup",
                "Properties": {
                    "Description": f"Private subnets, for {name}",
                    "SubnetIds": [{"Ref": subnet} for subnet in PRIVATE_SUBNETS],
                },
            },
            _security_group(name): security_group(blueprint, name, "Redis", PORT),
            _group(name): _replication_group(blueprint, resource),
        },
        outputs={
            logical_id(name, part): {"Value": {"Fn::GetAtt": [_group(name), f"PrimaryEndPoint.{attribute}"]}}
            for part, attribute in (("Host", "Address"), ("Port", "Port"))
        },
        bindings=(_binding(resource),),
    )


def _group(name: str) -> str:
    return logical_id(name, "Redis")


def _subnet_group(name: str) -> str:
    return logical_id(name, "RedisSubnetGroup")


def _security_group(name: str) -> str:
    return logical_id(name, "RedisSecurityGroup")


def _replication_group(blueprint: Blueprint, resource: Resource) -> Mapping[str, Any]:
    options = resource.options
    doubled = options.get("multi_az", False)
    # In mode `preferred` clients of the release before, which don't encrypt yet, are served until they are gone;
    # `required` can't be switched on in one step ("Enabling in-transit encryption", Amazon ElastiCache User Guide).
    encrypting = {"TransitEncryptionMode": "preferred"} if options.get("tls") else {}
    return {
        "Type": "AWS::ElastiCache::ReplicationGroup",
        "DeletionPolicy": "Snapshot",
        "UpdateReplacePolicy": "Snapshot",
        "Properties": {
            "ReplicationGroupDescription": f"Redis {resource.name} of {blueprint.stack_name}",
            "Engine": "valkey",
            "EngineVersion": options.get("version", VERSION),
            "CacheNodeType": options.get("size", SIZE),
            "NumCacheClusters": 2 if doubled else 1,
            "AutomaticFailoverEnabled": doubled,
            "MultiAZEnabled": doubled,
            "Port": PORT,
            "CacheSubnetGroupName": {"Ref": _subnet_group(resource.name)},
            "SecurityGroupIds": [security_group_id(_security_group(resource.name))],
            "AtRestEncryptionEnabled": True,
            "TransitEncryptionEnabled": options.get("tls", False),
            **encrypting,
            "SnapshotRetentionLimit": options.get("backup", BACKUP_DAYS[blueprint.stage]),
            "AutoMinorVersionUpgrade": True,
        },
    }


def _binding(resource: Resource) -> Binding:
    name = resource.name
    url = f"{'rediss' if resource.options.get('tls') else 'redis'}://{{host}}:{{port}}"
    return Binding(
        resource=name,
        env={"REDIS_URL": url, url_variable(name): url, "REDIS_HOST": "{host}", "REDIS_PORT": "{port}"},
        outputs={"host": logical_id(name, "Host"), "port": logical_id(name, "Port")},
    )
