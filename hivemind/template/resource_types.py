"""What AWS says about resource types: the CloudFormation schemas that cfn-lint ships, read without importing it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

DATA = ("data", "schemas")
REFERENCE_REGION = "us-east-1"

INSTANCE = "AWS::EC2::Instance"
SCALING_GROUP = "AWS::AutoScaling::AutoScalingGroup"
LAUNCH_TEMPLATE = "AWS::EC2::LaunchTemplate"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
BUCKET = "AWS::S3::Bucket"
DATABASE = "AWS::RDS::DBInstance"
CACHE = "AWS::ElastiCache::ReplicationGroup"


@dataclass(frozen=True)
class TagShape:
    """How a type takes tags. property: its name. as_list: a list of key/value objects, else a mapping.
    propagate: whether each entry must also say `PropagateAtLaunch`."""

    property: str
    as_list: bool
    propagate: bool = False


@dataclass(frozen=True)
class ResourceTypeFacts:
    """One resource type. Property names are dotted paths (`LaunchTemplate.Version`), `*` for the items of a list.

    create_only: changing one of these replaces the resource. read_only: attributes. required: must be given.
    tags: None where the type takes none. tag_updatable: whether changed tags are applied without replacing.
    """

    name: str
    create_only: frozenset[str]
    read_only: frozenset[str]
    required: frozenset[str]
    properties: frozenset[str]
    tags: TagShape | None
    tag_updatable: bool
    conditional: frozenset[str] = frozenset()
    """Properties whose change may replace the resource, or only interrupt it: the service decides."""
    identifier: frozenset[str] = frozenset()
    """Properties that together identify a resource of this type."""


@lru_cache(maxsize=512)
def resource_type(name: str) -> ResourceTypeFacts | None:
    """The facts about a type such as `AWS::EC2::Instance`, or None for one that AWS does not have."""
    fingerprint = _fingerprints().get(name)
    if fingerprint is None:
        return None
    schema = _read("resources", f"{fingerprint}.json")
    tags = _tag_shape(schema)
    return ResourceTypeFacts(
        name=name,
        create_only=_paths(schema, "createOnlyProperties"),
        read_only=_paths(schema, "readOnlyProperties"),
        required=frozenset(schema.get("required", ())),
        properties=frozenset(schema["properties"]),
        tags=tags,
        tag_updatable=tags is not None and bool(schema.get("tagging", {}).get("tagUpdatable", True)),
        conditional=_paths(schema, "conditionalCreateOnlyProperties"),
        identifier=_paths(schema, "primaryIdentifier"),
    )


@lru_cache(maxsize=256)
def handler_permissions(name: str, operation: str) -> tuple[str, ...]:
    """Actions of IAM that CloudFormation's handler of a type may need. operation: create, read, update or delete."""
    fingerprint = _fingerprints().get(name)
    schema = _read("resources", f"{fingerprint}.json") if fingerprint else {}
    return tuple(schema.get("handlers", {}).get(operation, {}).get("permissions", ()))


@lru_cache(maxsize=1)
def region_names() -> frozenset[str]:
    """Every region whose resource types are known."""
    return frozenset(file.stem for file in (_folder() / "providers").glob("*-*-*.json"))


@lru_cache(maxsize=1)
def _fingerprints() -> Mapping[str, str]:
    result: Mapping[str, str] = _read("providers", f"{REFERENCE_REGION}.json")
    return result


@lru_cache(maxsize=1)
def _folder() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("cfn-lint is not installed", name="cfnlint")
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*DATA)


def _read(*parts: str) -> Any:
    return json.loads(_folder().joinpath(*parts).read_text(encoding="utf-8"))


def _paths(schema: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(path.removeprefix("/properties/").replace("/", ".") for path in schema.get(key, ()))


def _tag_shape(schema: Mapping[str, Any]) -> TagShape | None:
    tagging = schema.get("tagging", {})
    if not tagging.get("taggable", True):
        return None
    name = str(tagging.get("tagProperty", "/properties/Tags")).removeprefix("/properties/")
    tags = _resolved(schema, schema["properties"].get(name))
    if tags is None:
        return None
    if "items" not in tags:
        return TagShape(name, as_list=False) if "object" in tags.get("type", ()) else None
    fields = (_resolved(schema, tags["items"]) or {}).get("properties", {})
    if not {"Key", "Value"} <= set(fields):
        return None
    return TagShape(name, as_list=True, propagate="PropagateAtLaunch" in fields)


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    while node is not None and "$ref" in node:
        node = schema.get("definitions", {}).get(str(node["$ref"]).rsplit("/", 1)[-1])
    return node
