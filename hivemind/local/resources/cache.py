"""ElastiCache replication groups, each a real Valkey, and their subnet groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hivemind.local.resource_kind import Kind, Made, Properties, failed, is_true, require
from hivemind.local.resources import catalog
from hivemind.local.resources.final_snapshots import FinalSnapshots
from hivemind.local.resources.site import REALLY, Site, free_address, server_key

PORT = 6379


def cache_kinds(site: Site, own: dict[str, Kind]) -> dict[str, Kind]:
    """own: the emulator's resource types."""
    group, subnets = own["AWS::ElastiCache::ReplicationGroup"], own["AWS::ElastiCache::SubnetGroup"]
    cache = _Cache(site, group, subnets)
    return {
        "AWS::ElastiCache::ReplicationGroup": replace(
            group, create=cache.create, update=cache.update, delete=cache.delete, snapshot=cache.finals.note
        ),
        "AWS::ElastiCache::SubnetGroup": replace(subnets, delete=cache.delete_subnets),
    }


def failed_cache(message: str, *, code: str = "InvalidRequest") -> Exception:
    return failed(message, "ElastiCache", code=code)


class _Cache:
    def __init__(self, site: Site, own: Kind, subnets: Kind) -> None:
        self._site, self._emulator, self._own, self._subnets = site, site.emulator, own, subnets
        self.finals = FinalSnapshots(site.emulator)

    def _key(self, name: str) -> str:
        return server_key(self._emulator.account, self._emulator.region, name)

    # -- checks ----------------------------------------------------------------------------------------

    def _check(self, logical_id: str, properties: Properties) -> None:
        require(logical_id, properties, "ReplicationGroupDescription")
        engine, version = properties.get("Engine") or "redis", str(properties.get("EngineVersion") or "")
        if engine not in catalog.CACHE_VERSIONS:
            raise failed_cache(f"Invalid engine: {engine}. The local cloud runs valkey, also for redis.")
        if version and version not in catalog.CACHE_VERSIONS[engine]:
            raise failed_cache(f"Cannot find version {version} for {engine}")
        size = properties.get("CacheNodeType", "")
        if not catalog.is_cache_node(size):
            raise failed_cache(f"Invalid Cache Node Type: {size}.")
        if is_true(properties.get("TransitEncryptionEnabled")):
            raise failed_cache(
                "The local cloud's Valkey does not support TLS: turn tls (TransitEncryptionEnabled) off."
            )
        if int(properties.get("NumNodeGroups") or 1) > 1:
            raise failed_cache("The local cloud has no cluster mode: NumNodeGroups must be 1.")
        if is_true(properties.get("AutomaticFailoverEnabled")) and int(properties.get("NumCacheClusters") or 1) < 2:
            raise failed_cache("Replication group with automatic failover needs at least 2 cache clusters.")
        for group in properties.get("SecurityGroupIds") or []:
            if group not in self._emulator.security_groups:
                raise failed_cache(f"Some security group Ids are not valid: {group}")
        subnets = properties.get("CacheSubnetGroupName")
        if subnets and subnets not in self._emulator.cache_subnet_groups:
            raise failed_cache(f"Cache Subnet Group {subnets} does not exist.", code="NotFound")

    # -- life ------------------------------------------------------------------------------------------

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        self._check(logical_id, properties)
        restore = properties.get("SnapshotName")
        source = self._emulator.cache_snapshots.get(restore) if restore else None
        if restore and source is None:
            raise failed_cache(f"Snapshot not found: {restore}", code="NotFound")
        physical_id, _ = self._own.create(logical_id, properties, stack)
        try:
            start = self._site.caches.create(self._key(physical_id), source["_hivemind_dump"] if source else None)
            self._place(physical_id, properties, self._site.run(start))
        except Exception:
            self._site.run(self._site.caches.remove(self._key(physical_id)))
            self._own.delete(physical_id, properties)
            raise
        return physical_id, _attributes(self._emulator.cache_groups[physical_id])

    def _place(self, physical_id: str, properties: Properties, port: int) -> None:
        """The endpoint: an address of the VPC where instances have networks of their own."""
        record = self._emulator.cache_groups[physical_id]
        really = {"Key": REALLY, "Value": self._site.caches.version()}
        self._emulator.cache_tags.setdefault(record["ARN"], []).append(really)
        endpoint = {"Address": "127.0.0.1", "Port": port}
        subnets = self._emulator.cache_subnet_groups.get(properties.get("CacheSubnetGroupName"), {}).get("Subnets")
        if self._site.machines.mode == "namespaces" and subnets:
            address = free_address(self._emulator, subnets[0]["SubnetIdentifier"])
            if address is None:
                raise failed_cache("There are not enough free addresses in the cache subnet group.")
            endpoint = {"Address": address, "Port": int(properties.get("Port") or PORT)}
        self._point(record, endpoint)

    def _point(self, record: dict[str, Any], endpoint: dict[str, Any]) -> None:
        """Replicas are in the records alone: one process answers for all."""
        for nodes in record["NodeGroups"]:
            nodes["PrimaryEndpoint"] = nodes["ReaderEndpoint"] = dict(endpoint)
            for member in nodes["NodeGroupMembers"]:
                member["ReadEndpoint"] = dict(endpoint)
        for name in record["MemberClusters"]:
            cluster = self._emulator.cache_clusters.get(name)
            if cluster is not None:
                cluster["_endpoint"] = dict(endpoint)
                for node in cluster["CacheNodes"]:
                    node["Endpoint"] = dict(endpoint)

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        self._check(logical_id, new)
        before, after = (catalog.numbers(str(side.get("EngineVersion") or "")) for side in (old, new))
        if before and after and after < before:
            text = f"Cannot downgrade engine version from {old['EngineVersion']} to {new['EngineVersion']}."
            raise failed_cache(text)
        assert self._own.update is not None
        endpoint = dict(self._emulator.cache_groups[physical_id]["NodeGroups"][0]["PrimaryEndpoint"])
        # The name in both, for the emulator would make another one and take that for a replacement.
        named = [{**properties, "ReplicationGroupId": physical_id} for properties in (old, new)]
        made, _ = self._own.update(physical_id, named[0], named[1], stack, logical_id)
        record = self._emulator.cache_groups[made]
        record["SecurityGroups"] = [
            {"SecurityGroupId": group, "Status": "active"} for group in new.get("SecurityGroupIds") or []
        ]
        self._point(record, endpoint)
        return made, _attributes(record)

    def delete(self, physical_id: str, properties: Properties) -> None:
        record = self._emulator.cache_groups.get(physical_id)
        if record is None:
            return
        if self.finals.wanted(physical_id, self._emulator.cache_tags.get(record["ARN"], [])):
            self._snapshot(physical_id)
        self._site.run(self._site.caches.remove(self._key(physical_id)))
        self._own.delete(physical_id, properties)

    def _snapshot(self, physical_id: str) -> None:
        name = self.finals.name(physical_id)
        dump = f"{self._key(name)}.rdb"
        self._site.run(self._site.caches.snapshot(self._key(physical_id), dump))
        self._emulator.add_cache_snapshot(name, physical_id)["_hivemind_dump"] = dump

    def delete_subnets(self, physical_id: str, properties: Properties) -> None:
        users = list(self._users(physical_id))
        if users:
            raise failed_cache(f"Cache subnet group {physical_id} is currently in use by {', '.join(users)}.")
        self._subnets.delete(physical_id, properties)

    def _users(self, subnets: str) -> Iterator[str]:
        for name, record in self._emulator.cache_groups.items():
            if record["CacheSubnetGroupName"] == subnets:
                yield name


def _attributes(record: dict[str, Any]) -> dict[str, Any]:
    nodes = record["NodeGroups"][0]
    primary, reader = nodes["PrimaryEndpoint"], nodes["ReaderEndpoint"]
    return {
        "PrimaryEndPoint.Address": primary["Address"],
        "PrimaryEndPoint.Port": str(primary["Port"]),
        "ReaderEndPoint.Address": reader["Address"],
        "ReaderEndPoint.Port": str(reader["Port"]),
    }
