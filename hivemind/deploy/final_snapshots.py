"""Final snapshots: what databases and caches leave when they are deleted, found and dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hivemind.deploy.calls import StackResource
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud

Say = Callable[[str], None]
GONE = frozenset({"DBSnapshotNotFound", "DBSnapshotNotFoundFault", "SnapshotNotFoundFault"})


@dataclass(frozen=True)
class FinalSnapshot:
    """what: `database` or `cache`, of which it is the snapshot. id: the snapshot's name."""

    what: str
    id: str


def left_by(cloud: Cloud, resources: Iterable[StackResource], say: Say) -> tuple[FinalSnapshot, ...]:
    """The newest snapshot that is not automatic of each database and cache among deleted resources."""
    found: list[FinalSnapshot] = []
    for resource in resources:
        if resource.type not in _KEEPERS:
            continue
        what, listing = _KEEPERS[resource.type]
        try:
            snapshots = sorted(listing(cloud, resource.physical_id))
        except CloudCallFailed as error:
            # The stack is gone already: what can't be looked up is said, not raised.
            say(f"could not look up the final snapshot of {resource.physical_id}: {error.detail}")
            continue
        found += [FinalSnapshot(what, name) for _, name in snapshots[-1:]]
    return tuple(found)


def drop(cloud: Cloud, snapshots: Iterable[FinalSnapshot]) -> None:
    """Deletes snapshots, when the user said so; harmless for those that are gone."""
    for snapshot in snapshots:
        try:
            if snapshot.what == "database":
                cloud.client("rds").delete_db_snapshot(DBSnapshotIdentifier=snapshot.id)
            else:
                cloud.client("elasticache").delete_snapshot(SnapshotName=snapshot.id)
        except CloudCallFailed as error:
            if error.code not in GONE:
                raise


def _of_database(cloud: Cloud, physical_id: str) -> Iterator[tuple[str, str]]:
    """(when, name) of each."""
    answer = cloud.client("rds").describe_db_snapshots(DBInstanceIdentifier=physical_id, SnapshotType="manual")
    for one in answer["DBSnapshots"]:
        yield str(one.get("SnapshotCreateTime", "")), one["DBSnapshotIdentifier"]


def _of_cache(cloud: Cloud, physical_id: str) -> Iterator[tuple[str, str]]:
    """(when, name) of each: one of a group without shards may carry the name of the node that it was taken from."""
    following: dict[str, Any] = {}
    while True:
        answer = cloud.client("elasticache").describe_snapshots(SnapshotSource="user", **following)
        for one in answer["Snapshots"]:
            of_node = str(one.get("CacheClusterId", "")).startswith(f"{physical_id}-")
            if one.get("ReplicationGroupId") == physical_id or of_node:
                taken = max(
                    (str(node.get("SnapshotCreateTime", "")) for node in one.get("NodeSnapshots", ())), default=""
                )
                yield taken, one["SnapshotName"]
        if not answer.get("Marker"):
            return
        following = {"Marker": answer["Marker"]}


_KEEPERS: dict[str, tuple[str, Callable[[Cloud, str], Iterator[tuple[str, str]]]]] = {
    "AWS::RDS::DBInstance": ("database", _of_database),
    "AWS::ElastiCache::ReplicationGroup": ("cache", _of_cache),
}
