"""What the resource types work with: the emulator's stores and the parts that really run something."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hivemind.local.emulator import Emulator
from hivemind.local.model import Instance, RegionView

T = TypeVar("T")
REALLY = "hivemind:runs"
"""Tag that tells which server really runs."""


class Machines(Protocol):
    """What runs EC2 instances (`local/instances.py`)."""

    @property
    def mode(self) -> str: ...
    async def start(self, instance: Instance, view: Callable[[], RegionView]) -> str: ...
    async def stop(self, instance_id: str) -> None: ...
    async def terminate(self, instance_id: str) -> None: ...


class Servers(Protocol):
    """What runs servers of data (`local/servers.py`). key: unique over accounts and regions."""

    async def start(self, key: str) -> int: ...
    async def snapshot(self, key: str, name: str) -> None: ...
    async def discard_snapshot(self, name: str) -> None: ...
    async def remove(self, key: str) -> None: ...
    def port(self, key: str) -> int | None: ...
    def version(self) -> str: ...


class Databases(Servers, Protocol):
    """What runs DB instances (`local/databases.py`)."""

    async def create(
        self,
        key: str,
        user: str,
        password: str,
        database: str | None,
        restore: str | None,
        *,
        engine: str,
        demands_tls: bool,
    ) -> int: ...
    def version(self, engine: str = "postgres") -> str: ...
    def demand_tls(self, key: str, demands: bool) -> None: ...
    async def set_password(self, key: str, user: str, password: str) -> None: ...


class Caches(Servers, Protocol):
    """What runs replication groups of ElastiCache (`local/valkey.py`)."""

    async def create(self, key: str, restore: str | None) -> int: ...


@dataclass(frozen=True)
class Site:
    """run: runs a coroutine on the daemon's loop from a worker thread and waits for it.
    view: the region as it is now. host_key: told each instance's SSH host key."""

    emulator: Emulator
    machines: Machines
    databases: Databases
    caches: Caches
    view: Callable[[], RegionView]
    host_key: Callable[[str, str], None]
    run: Callable[[Coroutine[Any, Any, Any]], Any]


def server_key(account: str, region: str, name: str) -> str:
    return f"{account}-{region}-{name}"


def free_address(emulator: Emulator, subnet_id: str, wanted: str | None = None) -> str | None:
    """A private IPv4 address of the subnet that nothing has yet; None when there is none.

    AWS keeps the first four and the last address of a subnet (VPC user guide, "Subnet CIDR blocks").
    """
    subnet = emulator.subnets[subnet_id]
    vpc = subnet["VpcId"]
    peers = {key for key, other in emulator.subnets.items() if other["VpcId"] == vpc}
    used = {i["PrivateIpAddress"] for i in emulator.instances.values() if i.get("SubnetId") in peers}
    used |= {n.get("PrivateIp") for n in emulator.nat_gateways.values() if n["State"] != "deleted"}
    used |= {d["Endpoint"]["Address"] for d in emulator.databases.values()}
    used |= {c["NodeGroups"][0]["PrimaryEndpoint"]["Address"] for c in emulator.cache_groups.values()}
    network = ipaddress.ip_network(subnet["CidrBlock"])
    if wanted is not None:
        return wanted if wanted not in used and ipaddress.ip_address(wanted) in network else None
    for offset in range(4, network.num_addresses - 1):
        address = str(network[offset])
        if address not in used:
            return address
    return None
