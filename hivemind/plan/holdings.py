"""What holds data: resource types whose replacement or deletion can lose it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hivemind.blueprint.model import Blueprint, DeploymentStage
from hivemind.template.names import ARTIFACT_BUCKET

DATA_TYPES = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::Cognito::UserPool",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::Volume",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::Elasticsearch::Domain",
        "AWS::FSx::FileSystem",
        "AWS::KMS::Key",
        "AWS::Kinesis::Stream",
        "AWS::MemoryDB::Cluster",
        "AWS::MSK::Cluster",
        "AWS::Neptune::DBCluster",
        "AWS::OpenSearchService::Domain",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
        "AWS::Timestream::Table",
    }
)

KEPT = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})
"""Values of DeletionPolicy and UpdateReplacePolicy with which data outlives the resource."""


def holds_data(logical_id: str, kind: str, definition: Mapping[str, Any] | None = None) -> bool:
    """Whether a resource holds data of the user.

    kind: its type. definition: its part of the template. `Metadata: {HiveMind: {HoldsData: true|false}}` in it
    decides; else a policy that keeps data says so; else its type. Our own bucket of artifacts holds nothing
    that can't be built again.
    """
    if logical_id == ARTIFACT_BUCKET:
        return False
    definition = definition or {}
    metadata = definition.get("Metadata")
    marked = metadata.get("HiveMind") if isinstance(metadata, Mapping) else None
    if isinstance(marked, Mapping) and isinstance(marked.get("HoldsData"), bool):
        return bool(marked["HoldsData"])
    policies = {definition.get("DeletionPolicy"), definition.get("UpdateReplacePolicy")}
    return bool(policies & KEPT) or kind in DATA_TYPES


def data_guarded(template: Mapping[str, Any]) -> frozenset[str]:
    """Logical ids of what holds data in a template."""
    return frozenset(
        name
        for name, resource in template.get("Resources", {}).items()
        if isinstance(resource, Mapping) and holds_data(name, str(resource.get("Type")), resource)
    )


def guards_data(blueprint: Blueprint, cloud: str) -> bool:
    """Whether a stack policy guards what holds data: in production on AWS."""
    return cloud == "aws" and blueprint.stage is DeploymentStage.PRODUCTION
