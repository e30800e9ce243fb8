"""The local region: the emulated API and everything that really runs, kept in step with each other."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from hivemind.local import authority, emulated_access, group_operations, offered, operations, schedules
from hivemind.local.databases import Databases
from hivemind.local.emulated_callers import Callers
from hivemind.local.emulator import Emulator, Response
from hivemind.local.faults import FaultKind, FaultTable
from hivemind.local.files import PORT, read_json
from hivemind.local.group_kinds import group_kinds
from hivemind.local.groups import Groups
from hivemind.local.instance_records import HostKeys
from hivemind.local.instances import Instances, StartFailed
from hivemind.local.model import Datum, RegionView
from hivemind.local.pace import Pace
from hivemind.local.processes import end_recorded, record_children
from hivemind.local.refusals import broken, refusal, throttled
from hivemind.local.resources import catalog
from hivemind.local.resources.balancing import balancing_kinds
from hivemind.local.resources.cache import cache_kinds
from hivemind.local.resources.compute import as_instance, compute_kinds, launching
from hivemind.local.resources.database import database_kinds
from hivemind.local.resources.dns import dns_kinds
from hivemind.local.resources.identity import identity_kinds
from hivemind.local.resources.messaging import messaging_kinds
from hivemind.local.resources.network import network_kinds
from hivemind.local.resources.site import Site, server_key
from hivemind.local.resources.staging import staged
from hivemind.local.servers import Servers
from hivemind.local.valkey import Valkey
from hivemind.local.views import region_view

log = logging.getLogger("hivemind.local")
READS = ("Describe", "Get", "List", "Head", "GET", "HEAD", "Validate", "Estimate", "Search", "Lookup")
SETTLE_SECONDS = 0.01
SAVE_SECONDS = 0.5
SAVE_SHARE = 20.0
"""Between two savings pass at least SAVE_SECONDS, and this many times what the last one took: with many stacks it takes
long enough to be felt."""
INTERRUPTED = "The local cloud ended during this operation."
TAGGED = (
    "AWS::EC2::Instance",
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::InstanceConnectEndpoint",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::SubnetGroup",
)
"""Types of which the emulator does not know that they take the stack's tags. Not key pairs: a changed tag would
replace them."""


class Closing(Protocol):
    async def close(self) -> None: ...


class Region:
    """directory: of the local cloud's data. time: how fast it passes. pace: how many times faster than AWS health
    checks and draining run.

    Made, started and closed on the daemon's event loop.
    """

    def __init__(self, directory: Path, time: Pace) -> None:
        from hivemind.local.dataplane import DataPlane
        from hivemind.local.health import Health
        from hivemind.local.metrics import Metrics

        self._directory, self.time, self.pace = directory, time, time.probes
        self._port = int(read_json(directory / PORT, 0))
        self._loop = asyncio.get_running_loop()
        self._children = directory / "children.json"
        ended = end_recorded(self._children)
        if ended:
            log.warning("ended %d processes that an earlier local cloud left running", ended)
        self.faults = FaultTable(directory / "faults.json")
        self.emulator = Emulator()
        self.callers = Callers(self.emulator, directory / "policies.json", self.faults)
        self.databases = Databases(directory)
        self.caches = Valkey(directory / "valkey")
        self._servers: tuple[Servers, ...] = (self.databases.postgres, self.databases.maria, self.caches)
        self.instances = Instances(directory / "instances", self._ended, directory / "etc")
        self.dataplane = DataPlane(directory / "dataplane", self.instances, authority.folder(directory))
        self.health = Health(self.instances, self.pace)
        self.dataplane.health = self.health
        self.metrics = Metrics(self.instances, self.dataplane, self._measured)
        self._host_keys = HostKeys(directory / "host_keys.json")
        self._changed = asyncio.Event()
        self._reconciling = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._saving: asyncio.TimerHandle | None = None
        self._saved_at, self._save_pause = 0.0, SAVE_SECONDS
        self._recorded: tuple[object, ...] = ()
        self._install()

    def _install(self) -> None:
        emulator = self.emulator
        site = Site(
            emulator=emulator,
            machines=self.instances,
            databases=self.databases,
            caches=self.caches,
            view=self.view,
            host_key=self._host_keys.keep,
            run=self._run,
        )
        kinds = emulator.kinds()
        for make in (
            network_kinds,
            database_kinds,
            cache_kinds,
            balancing_kinds,
            identity_kinds,
            messaging_kinds,
            dns_kinds,
        ):
            kinds |= make(site, dict(kinds))
        kinds |= compute_kinds(site)
        targets = operations.Targets(emulator, self.health, self.pace)
        self.groups = Groups(
            site,
            launching(site),
            targets,
            states=self.health.describe,
            port=self.instances.port_variable,
            changed=self.changed,
            pace=self.pace,
        )
        kinds |= group_kinds(self.groups, kinds)
        kinds[schedules.TYPE] = schedules.kind()
        offers = {name: kind for name, kind in kinds.items() if name in offered.RESOURCE_TYPES}
        stage = functools.partial(
            staged, faults=self.faults, done=self.changed, pace=self.time, refuses=self.callers.refuses
        )
        emulator.install({name: stage(name, kind) for name, kind in offers.items()}, TAGGED)
        emulator.close(offered.refused_types, offered.refused_type)
        emulator.publish_images(catalog.IMAGES, catalog.IMAGE_PARAMETERS)
        targets.install()
        group_operations.install(emulator)
        operations.install_ec2(emulator, self.instances.console)
        operations.install_data(
            emulator,
            lambda name: self._soon(self.databases.discard_snapshot(name)),
            lambda name: self._soon(self.caches.discard_snapshot(name)),
        )
        operations.install_cloudformation(emulator)
        emulator.keep_what_a_rollback_left()
        emulator.intercept(self._refused, self._served)
        self.callers.guard()
        emulated_access.guard(emulator)

    def _measured(self, datum: Datum) -> None:
        self.emulator.put_metric(datum)
        self.groups.observe(datum)

    # -- what the emulator tells -----------------------------------------------------------------------

    def _refused(self, service: str, operation: str, headers: Mapping[str, str]) -> Response | None:
        if said := offered.refused_operation(service, operation):
            return refusal(service, headers, 501, "NotImplemented", said)
        fault = self.faults.refuses(f"{service}:{operation}")
        if fault is not None:
            return throttled(service, headers) if fault is FaultKind.THROTTLE else broken(service, headers)
        return operations.refused(self.emulator, service, operation)

    def _served(self, _service: str, operation: str) -> None:
        if not operation.startswith(READS):
            self.changed()

    def changed(self) -> None:
        """Something changed: what runs is brought in step soon. From any thread."""
        self._loop.call_soon_threadsafe(self._changed.set)

    def _ended(self, instance_id: str, text: str) -> None:
        """An instance that shuts itself down is stopped, as on EC2."""
        log.warning("%s", text)
        for _, _, record in self.emulator.everywhere(self.emulator.instances):
            if record["InstanceId"] == instance_id:
                record["State"] = {"Code": 80, "Name": "stopped"}
        self.changed()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine on the loop for a worker thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def _soon(self, work: Coroutine[Any, Any, Any]) -> None:
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(work))

    # -- what others ask -------------------------------------------------------------------------------

    def view(self) -> RegionView:
        return region_view(self.emulator, self.databases.address, self.caches.address, self._port)

    def host_key(self, instance_id: str) -> str | None:
        return self._host_keys.of(instance_id)

    # -- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Brings back what ran before, once the emulator has loaded its state."""
        await self._drop_orphans(self.emulator.end_interrupted(INTERRUPTED))
        starting = [self._start_server(servers, key) for servers in self._servers for key in servers.known()]
        await asyncio.gather(*starting)
        await self.groups.reopen()
        await self._reconcile()
        record_children(self._children)
        timed = (schedules.run(self.emulator, self.changed), self.groups.run())
        work = (self._keep_up(), self.metrics.run(), *timed)
        self._tasks = [asyncio.create_task(one) for one in work]

    async def _drop_orphans(self, settled: Mapping[str, frozenset[str]]) -> None:
        """Removes what an interrupted operation had begun and its stack does not know of, so that nothing
        keeps the stack from being deleted. settled: physical ids by stack id."""
        emulator = self.emulator
        for account, region, record in list(emulator.everywhere(emulator.databases)):
            name = record["DBInstanceIdentifier"]
            if _orphan(record.get("TagList", []), name, settled):
                await self.databases.remove(server_key(account, region, name))
                emulator.databases.pop_scoped(account, region, name)
        for account, region, record in list(emulator.everywhere(emulator.cache_groups)):
            name = record["ReplicationGroupId"]
            with emulator.scope(account, region):
                if _orphan(emulator.cache_tags.get(record["ARN"], []), name, settled):
                    await self.caches.remove(server_key(account, region, name))
                    emulator.cache_groups.pop(name, None)
        stores = (emulator.instances, emulator.subnets, emulator.security_groups, emulator.gateways, emulator.vpcs)
        for store in (*stores, emulator.route_tables, emulator.nat_gateways):
            for account, region, name in [key for key, _ in store.all_items()]:
                if _orphan(emulator.ec2_tags.get_scoped(account, region, name, []), name, settled):
                    store.pop_scoped(account, region, name)
                    if store is emulator.instances:
                        await self.instances.terminate(name)

    @staticmethod
    async def _start_server(servers: Servers, key: str) -> None:
        try:
            await servers.start(key)
        except Exception:
            log.exception("%s %s did not start", servers.name, key)

    async def _keep_up(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._changed.clear()
            try:
                await self._reconcile()
            except Exception:
                log.exception("the data plane does not follow")
            if self._saving is None:
                since = self._loop.time() - self._saved_at
                self._saving = self._loop.call_later(max(0.0, self._save_pause - since), self._save)

    def _save(self) -> None:
        """Keeps state and the list of processes, for the case that this one is killed."""
        self._saving = None
        began = self._loop.time()
        self.emulator.save()
        self._saved_at = self._loop.time()
        self._save_pause = max(SAVE_SECONDS, SAVE_SHARE * (self._saved_at - began))
        balancers = sum(1 for _ in self.emulator.everywhere(self.emulator.load_balancers))
        alive = (self.instances.running, *(servers.running() for servers in self._servers), balancers)
        if alive != self._recorded:
            self._recorded = alive
            record_children(self._children)

    async def _reconcile(self) -> None:
        """Instances run as their records say; fronts, routes and health checks follow the view."""
        async with self._reconciling:
            await self._reconcile_instances()
            view = self.view()
            await self.instances.update(view)
            await self.health.update(view)
            await self.dataplane.update(view)

    async def _reconcile_instances(self) -> None:
        for account, region, record in list(self.emulator.everywhere(self.emulator.instances)):
            identity, state = record["InstanceId"], record["State"]["Name"]
            runs = self.instances.process(identity) is not None
            if not record.get("_hivemind_started"):
                continue
            if state == "running" and not runs:
                instance = as_instance(self.emulator, account, region, record)
                try:
                    self._host_keys.keep(identity, await self.instances.start(instance, self.view))
                except StartFailed as error:
                    log.warning("%s", error)
                    record["State"] = {"Code": 80, "Name": "stopped"}
                except Exception as error:
                    # A defect of ours or this machine's is no state of the user's instance. Each change tries again.
                    log.exception("cannot start instance %s", identity)
                    self.instances.note(
                        identity, f"the local cloud cannot start this instance: {error!r}; see cloud.log"
                    )
            elif state == "stopped" and runs:
                await self.instances.stop(identity)
            elif state == "terminated":
                record["_hivemind_started"] = False
                await self.instances.terminate(identity)

    async def close(self) -> None:
        """Ends everything that runs; files stay."""
        if self._saving is not None:
            self._saving.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.groups.close()
        parts: tuple[Closing, ...] = (self.health, self.dataplane, self.instances, *self._servers)
        for part in parts:
            try:
                await part.close()
            except Exception:
                log.exception("%s did not close", type(part).__name__)
        self._children.unlink(missing_ok=True)


def _orphan(tags: Sequence[Mapping[str, str]], name: str, settled: Mapping[str, frozenset[str]]) -> bool:
    known = (settled.get(tag["Value"]) for tag in tags if tag["Key"] == "aws:cloudformation:stack-id")
    return any(ids is not None and name not in ids for ids in known)
