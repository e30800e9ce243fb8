"""What holds data: resource types whose replacement or deletion can lose it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

ARTIFACTS_LOGICAL_ID = "ArtifactsBucket"
"""Our own bucket of built applications: what it holds can be built again."""


def holds_data(logical_id: str, kind: str, definition: Mapping[str, Any] | None = None) -> bool:
    """Whether a resource holds data of the user.

    kind: its type. definition: its part of the template; `Metadata: {HiveMind: {HoldsData: true|false}}` in it decides
    over the type: so plugins mark their own.
    """
    metadata = (definition or {}).get("Metadata", {})
    marked = metadata.get("HiveMind", {}).get("HoldsData") if isinstance(metadata, Mapping) else None
    if isinstance(marked, bool):
        return marked
    return kind in DATA_TYPES and logical_id != ARTIFACTS_LOGICAL_ID
