"""The ways out of an instance's network: databases and other instances, at their addresses in the VPC, and the API."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from hivemind.local import instance_network
from hivemind.local.edge import BACKLOG, Relay, Traffic, dial
from hivemind.local.instance_boot import METADATA
from hivemind.local.model import Instance, RegionView
from hivemind.local.porter import Porter
from hivemind.local.security import Caller, allowed

LOOPBACK = "127.0.0.1"
WIDE = 32
"""A rule for more ports than this opens only those on which the other instance is registered, and SSH."""

Reach = Callable[[str, int], Awaitable[socket.socket]]


@dataclass(frozen=True)
class Outlet:
    """address, port: where the instance connects to. host, real_port: a host this machine reaches; or instance: an
    instance's id."""

    address: str
    port: int
    host: str | None = None
    real_port: int = 0
    instance: str | None = None


class Outlets:
    """The outlets of one running instance.

    They listen in the instance's own network, so a port of another address is also taken for programs that
    want it on all addresses (0.0.0.0). Hence none to another instance is opened on a port on which the instance
    itself is registered or admitted by its own security groups: that is where its own application listens.
    """

    def __init__(self, porter: Porter, traffic: Traffic) -> None:
        self._porter = porter
        self._traffic = traffic
        self._relays: dict[Outlet, Relay] = {}
        self._aliases: dict[str, int] = {}

    async def update(self, view: RegionView, instance: Instance, reach: Reach) -> None:
        """Opens and closes outlets as the view's security groups now say. reach: connects to a port of an instance."""
        wanted = {(outlet.address, outlet.port): outlet for outlet in reversed(tuple(outlets(view, instance)))}
        for gone in self._relays.keys() - set(wanted.values()):
            self._relays.pop(gone).deafen()
        for outlet in wanted.values():
            if outlet not in self._relays:
                # The instance may be ending, or a program of its own may hold the port.
                with contextlib.suppress(OSError):
                    self._relays[outlet] = await self._open(outlet, reach)

    def close(self) -> None:
        for relay in self._relays.values():
            relay.cut()
        self._relays.clear()

    async def _open(self, outlet: Outlet, reach: Reach) -> Relay:
        async def connect() -> socket.socket:
            if outlet.instance is not None:
                return await reach(outlet.instance, outlet.port)
            assert outlet.host is not None
            return await dial(outlet.host, outlet.real_port)

        listener = await self._porter.take()
        try:
            if outlet.address not in (LOOPBACK, *self._aliases):
                number = len(self._aliases) + 1
                instance_network.add_address(listener, number, outlet.address)
                self._aliases[outlet.address] = number
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((outlet.address, outlet.port))
            listener.listen(BACKLOG)
            relay = Relay(connect, self._sent, self._received)
            await relay.listen(listener)
        except BaseException:
            listener.close()
            raise
        return relay

    def _sent(self, count: int) -> None:
        self._traffic.sent += count

    def _received(self, count: int) -> None:
        self._traffic.received += count


def outlets(view: RegionView, instance: Instance) -> Iterable[Outlet]:
    """What the security groups let an instance reach in its account and region; and the API, at the address that it has
    on this machine, which whoever knows no keys gets nothing from."""
    if view.api:
        yield Outlet(LOOPBACK, view.api, LOOPBACK, view.api)
    source = Caller("instance", instance.groups, instance.address)
    region = (instance.account, instance.region)
    if instance.door is not None:
        yield Outlet(*METADATA, "127.0.0.1", instance.door)
    for database in view.databases:
        if (database.account, database.region) == region and allowed(view, source, database.groups, database.port):
            yield Outlet(database.address, database.port, database.real_host, database.real_port)
    own = _ports(view, instance)
    for other in view.instances:
        near = (other.account, other.region) == region and other.address != instance.address
        if near and other.state == "running":
            for port in sorted(_ports(view, other) - own):
                if allowed(view, source, other.groups, port):
                    yield Outlet(other.address, port, instance=other.id)


def _registered(view: RegionView, instance: Instance) -> frozenset[int]:
    return frozenset(port for group in view.target_groups for id_, port in group.targets if id_ == instance.id)


def _ports(view: RegionView, instance: Instance) -> set[int]:
    found = {22, *_registered(view, instance)}
    for group in instance.groups:
        for rule in view.groups.get(group, ()):
            if rule.protocol == "tcp" and 0 < rule.first_port <= rule.last_port < rule.first_port + WIDE:
                found |= set(range(rule.first_port, rule.last_port + 1))
    return found
