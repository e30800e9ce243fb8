"""Replication groups on the local cloud: what AWS does, seen through boto3's eyes."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from stacks import Stack, attribute, body, group, network, ref, resource

from hivemind.testing.clients import raw

pytestmark = pytest.mark.slow
GROUP = "AWS::ElastiCache::ReplicationGroup"


def cache(**changed: Any) -> dict[str, Any]:
    given = {
        "ReplicationGroupDescription": "cache",
        "Engine": "valkey",
        "EngineVersion": "8.1",
        "CacheNodeType": "cache.t3.micro",
        "NumCacheClusters": 1,
        "AutomaticFailoverEnabled": False,
        "CacheSubnetGroupName": ref("Group"),
        "SecurityGroupIds": [attribute("CacheGroup", "GroupId")],
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": False,
    }
    return resource(GROUP, **given | changed) | {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}


def template(**changed: Any) -> str:
    resources = network() | {
        "CacheGroup": group("cache", {"FromPort": 6379, "ToPort": 6379, "CidrIp": "10.0.0.0/16"}),
        "Group": resource("AWS::ElastiCache::SubnetGroup", Description="cache", SubnetIds=[ref("A"), ref("B")]),
        "Cache": cache(**changed),
    }
    outputs = {part: attribute("Cache", f"PrimaryEndPoint.{part}") for part in ("Address", "Port")}
    return body(resources, **outputs)


@pytest.fixture
def client(cloud: Any) -> Any:
    return raw(cloud, "elasticache")


def ask(home: Path, key: str, command: str) -> str:
    """The answer of the server itself, asked past the security groups. key: its name holds this."""
    table = json.loads((home / "local/valkey/caches.json").read_text())
    (port,) = (known["port"] for name, known in table.items() if key in name)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, connection.makefile() as answers:
        connection.sendall(command.encode() + b"\r\n")
        answer = answers.readline().strip()
        return answers.readline().strip() if answer.startswith("$") and answer != "$-1" else answer


def test_it_is_described_changed_in_place_and_leaves_a_snapshot(local_home: Any, client: Any, stack: Stack) -> None:
    assert stack.create(template()) == "CREATE_COMPLETE", stack.reason()
    name = stack.resource("Cache")
    (found,) = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    endpoint = found["NodeGroups"][0]["PrimaryEndpoint"]
    assert stack.outputs() == {"Address": endpoint["Address"], "Port": str(endpoint["Port"])}
    assert (found["Status"], found["AtRestEncryptionEnabled"], found["MultiAZ"]) == ("available", True, "disabled")
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(ResourceName=found["ARN"])["TagList"]}
    assert tags["hivemind:runs"].startswith("Valkey 9")
    (node,) = client.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    assert node["CacheNodes"][0]["Endpoint"] == endpoint
    assert ask(local_home.home, name, "SET greeting hello") == "+OK"

    doubled = {"NumCacheClusters": 2, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True}
    assert stack.update(template(CacheNodeType="cache.t3.small", EngineVersion="9.0", **doubled)) == "UPDATE_COMPLETE"
    (now,) = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    assert (now["CacheNodeType"], now["MultiAZ"]) == ("cache.t3.small", "enabled")
    members = now["NodeGroups"][0]["NodeGroupMembers"]
    assert [member["ReadEndpoint"] for member in members] == [endpoint, endpoint]
    assert ask(local_home.home, name, "GET greeting") == "hello"
    assert stack.update(template(CacheNodeType="cache.t3.small")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "downgrade" in stack.reason()

    assert stack.delete() == "DELETE_COMPLETE", stack.reason()
    (snapshot,) = client.describe_snapshots(SnapshotSource="user")["Snapshots"]
    assert snapshot["ReplicationGroupId"] == name
    assert stack.create(template(SnapshotName=snapshot["SnapshotName"])) == "CREATE_COMPLETE", stack.reason()
    assert ask(local_home.home, stack.resource("Cache"), "GET greeting") == "hello"
    client.delete_snapshot(SnapshotName=snapshot["SnapshotName"])
    assert client.describe_snapshots()["Snapshots"] == []


def test_a_replaced_one_leaves_a_snapshot(client: Any, stack: Stack) -> None:
    assert stack.create(template()) == "CREATE_COMPLETE", stack.reason()
    before = stack.resource("Cache")
    assert stack.update(template(AtRestEncryptionEnabled=False)) == "UPDATE_COMPLETE"
    assert stack.resource("Cache") != before
    assert [one["ReplicationGroupId"] for one in client.describe_snapshots()["Snapshots"]] == [before]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"CacheNodeType": "cache.t3.huge"}, "Invalid Cache Node Type: cache.t3.huge"),
        ({"EngineVersion": "6.2"}, "Cannot find version 6.2 for valkey"),
        ({"Engine": "memcached"}, "Invalid engine: memcached"),
        ({"TransitEncryptionEnabled": True}, "does not support TLS"),
        ({"AutomaticFailoverEnabled": True}, "at least 2 cache clusters"),
        ({"CacheSubnetGroupName": "none"}, "Cache Subnet Group none does not exist"),
        ({"SecurityGroupIds": ["sg-1"]}, "not valid: sg-1"),
    ],
)
def test_a_wrong_one_is_refused_as_on_aws(stack: Stack, changed: dict[str, Any], reason: str) -> None:
    assert stack.create(template(**changed)) == "ROLLBACK_COMPLETE"
    assert reason in stack.reason()


def test_outside_a_stack_it_is_refused(client: Any) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="through CloudFormation only"):
        client.create_replication_group(ReplicationGroupId="a", ReplicationGroupDescription="b")
