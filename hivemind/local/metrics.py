"""What CloudWatch would be told: samples of the instances and counts of the data plane."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import psutil

from hivemind.local.dataplane import DataPlane
from hivemind.local.instances import Instances
from hivemind.local.model import Datum, Instance, LoadBalancer, RegionView
from hivemind.local.routing import service_name

PERIOD = 10.0
"""Seconds between two samples."""

_LINE = re.compile(
    r"^traefik_(service_requests_total|service_request_duration_seconds_sum|entrypoint_requests_total)"
    r"\{([^}]*)\} ([0-9.eE+-]+)$",
    re.MULTILINE,
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


Put = Callable[[Datum], object]
"""Stores one value of a metric."""


@dataclass(frozen=True)
class Counts:
    """Requests since traefik started. codes: by (service or None for the whole load balancer, status code).
    seconds: spent by a service's targets in all."""

    codes: Mapping[tuple[str | None, int], float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


def read_counts(exposition: str) -> Counts:
    """Traefik's counters out of Prometheus's text format."""
    codes: dict[tuple[str | None, int], float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    for name, labels, value in _LINE.findall(exposition):
        of = dict(_LABEL.findall(labels))
        service = of.get("service", "").partition("@")[0]
        if name == "service_request_duration_seconds_sum":
            seconds[service] += float(value)
        elif of.get("code", "").isdigit() and of.get("entrypoint") != "metrics":
            codes[(service if name.startswith("service") else None, int(of["code"]))] += float(value)
    return Counts(codes, seconds)


class Metrics:
    """Samples every ten seconds and puts what moved. put: stores a value."""

    def __init__(self, instances: Instances, dataplane: DataPlane, put: Put) -> None:
        self._instances = instances
        self._dataplane = dataplane
        self._put = put
        self._processor: dict[str, tuple[float, float]] = {}
        self._traffic: dict[str, tuple[int, int]] = {}
        self._counts: dict[str, Counts] = {}

    async def run(self) -> None:
        """Samples until cancelled."""
        while True:
            await self.sample()
            await asyncio.sleep(PERIOD)

    async def sample(self) -> None:
        """One round. The first one only sets the marks from which counts and loads are taken."""
        view = self._dataplane.view
        for instance in view.instances:
            if instance.id in self._instances.running:
                await self._instance(instance)
        for balancer, port in self._dataplane.metrics():
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                self._balancer(view, balancer, read_counts(await _fetch(port, self._dataplane.metrics_key)))

    async def _instance(self, instance: Instance) -> None:
        loop = asyncio.get_running_loop()
        pid = self._instances.process(instance.id)
        spent = 0.0 if pid is None else await asyncio.to_thread(_processor_seconds, pid)
        traffic = self._instances.traffic(instance.id)
        now = (loop.time(), spent)
        before, self._processor[instance.id] = self._processor.get(instance.id), now
        moved, self._traffic[instance.id] = self._traffic.get(instance.id), (traffic.received, traffic.sent)
        if before is None or moved is None or now[0] <= before[0]:
            return
        share = 100.0 * max(0.0, now[1] - before[1]) / (now[0] - before[0]) / (psutil.cpu_count() or 1)
        values = (
            ("CPUUtilization", min(share, 100.0), "Percent"),
            ("NetworkIn", float(max(0, traffic.received - moved[0])), "Bytes"),
            ("NetworkOut", float(max(0, traffic.sent - moved[1])), "Bytes"),
        )
        for name, value, unit in values:
            own = {"InstanceId": instance.id}
            self._put(Datum(instance.account, instance.region, "AWS/EC2", name, own, value, unit))

    def _balancer(self, view: RegionView, balancer: LoadBalancer, counts: Counts) -> None:
        before, self._counts[balancer.arn] = self._counts.get(balancer.arn), counts
        if before is None:
            return
        # A counter that went back is one of a traefik that started anew.
        codes = {key: value - before.codes.get(key, 0.0) for key, value in counts.codes.items()}
        moved = {key: value for key, value in codes.items() if value > 0}
        own = {"LoadBalancer": _suffix(balancer.arn, "loadbalancer/")}
        for name, value in _totals(moved):
            self._put(Datum(balancer.account, balancer.region, "AWS/ApplicationELB", name, own, value, "Count"))
        for group in view.target_groups:
            service = service_name(group.arn)
            requests = sum(value for (of, _), value in moved.items() if of == service)
            if requests:
                both = {**own, "TargetGroup": _suffix(group.arn, "")}
                took = (counts.seconds.get(service, 0.0) - before.seconds.get(service, 0.0)) / requests
                values = (("RequestCount", requests, "Count"), ("TargetResponseTime", max(0.0, took), "Seconds"))
                for name, value, unit in values:
                    self._put(Datum(balancer.account, balancer.region, "AWS/ApplicationELB", name, both, value, unit))


def _totals(moved: Mapping[tuple[str | None, int], float]) -> Iterable[tuple[str, float]]:
    """RequestCount and counts by class. 502 and 504 are the load balancer's words for a target that failed."""
    found: dict[str, float] = defaultdict(float)
    for (service, code), value in moved.items():
        if service is None:
            found["RequestCount"] += value
            if code in {502, 504}:
                found["HTTPCode_ELB_5XX_Count"] += value
        elif service.startswith("tg-") and code not in {502, 504}:
            found[f"HTTPCode_Target_{code // 100}XX_Count"] += value
    return found.items()


def _suffix(arn: str, after: str) -> str:
    """The part of an ARN that is a dimension's value: `app/name/id`, `targetgroup/name/id`."""
    resource = arn.split(":", 5)[-1]
    return resource.removeprefix(after)


def _processor_seconds(pid: int) -> float:
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    spent = 0.0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


async def _fetch(port: int, key: str) -> str:
    async with asyncio.timeout(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = f"GET /metrics HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n"
            writer.write(head.encode())
            return (await reader.read(-1)).decode(errors="replace")
        finally:
            writer.close()
