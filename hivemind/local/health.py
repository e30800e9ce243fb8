"""Target health: probes as target groups configure them, answered in AWS's words.

Probes go through the same security groups as the load balancer's traffic. Intervals and deregistration delays are
divided by the local cloud's pace; timeouts are not, for an application answers no faster here. States and reasons:
"Health checks for Application Load Balancer target groups", Elastic Load Balancing user guide.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hivemind.local.instances import Instances
from hivemind.local.model import Instance, LoadBalancer, RegionView, TargetGroup, TargetState
from hivemind.local.security import Caller

SHORTEST_INTERVAL = 0.2

Key = tuple[str, str, int]


@dataclass(frozen=True)
class ProbeResult:
    """What one probe saw. passed, else reason and description as AWS gives them."""

    passed: bool
    reason: str | None = None
    description: str | None = None


PASSED = ProbeResult(True)
TIMED_OUT = ProbeResult(False, "Target.Timeout", "Request timed out")
FAILED = ProbeResult(False, "Target.FailedHealthChecks", "Health checks failed")

_WORDS = {
    "Elb.RegistrationInProgress": ("initial", "Target registration is in progress"),
    "Elb.InitialHealthChecking": ("initial", "Initial health checks in progress"),
    "Target.NotInUse": ("unused", "Target group is not configured to receive traffic from the load balancer"),
    "Target.InvalidState": ("unused", "Target is in the stopped state"),
    "Target.DeregistrationInProgress": ("draining", "Target deregistration is in progress"),
}


@dataclass
class Record:
    """One target's health. successes, failures: probes in a row."""

    state: str = "initial"
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"
    successes: int = 0
    failures: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def say(self, reason: str) -> None:
        """Sets the state that a reason of ours stands for."""
        self.state, self.description = _WORDS[reason]
        self.reason = reason

    def take(self, outcome: ProbeResult, healthy: int, unhealthy: int) -> bool:
        """Counts a probe; whether the state changed. A new target is healthy after its first success."""
        before = self.state
        if outcome.passed:
            self.successes, self.failures = self.successes + 1, 0
            if self.state != "unhealthy" or self.successes >= healthy:
                self.state, self.reason, self.description = "healthy", None, None
        else:
            self.successes, self.failures = 0, self.failures + 1
            if self.failures >= unhealthy or self.state == "unhealthy":
                self.state, self.reason, self.description = "unhealthy", outcome.reason, outcome.description
            elif self.state == "initial":
                self.say("Elb.InitialHealthChecking")
        return self.state != before


def matches(matcher: str, status: int) -> bool:
    """Whether a status is among `200`, `200,301` or `200-399`."""
    for part in matcher.split(","):
        first, _, last = part.strip().partition("-")
        with contextlib.suppress(ValueError):
            if int(first) <= status <= int(last or first):
                return True
    return False


class Health:
    """Health of all targets. pace: how many times faster than AWS. on_change: called when a target's state changed."""

    def __init__(self, instances: Instances, pace: float) -> None:
        self._instances = instances
        self._pace = pace
        self._records: dict[Key, Record] = {}
        self._groups: dict[str, TargetGroup] = {}
        self._peers: dict[str, Caller] = {}
        self._hosts: dict[str, Instance] = {}
        self.on_change: Callable[[], object] = lambda: None

    async def update(self, view: RegionView) -> None:
        """Takes up new targets, drains deregistered ones."""
        self._peers = dict(_in_use(view.load_balancers))
        self._groups = {group.arn: group for group in view.target_groups}
        self._hosts = {instance.id: instance for instance in view.instances}
        wanted = {(group.arn, *target) for group in view.target_groups for target in group.targets}
        for key in tuple(self._records):
            if key not in wanted:
                self._drain(key)
        for key in sorted(wanted):
            self._take_up(key)

    def describe(self, target_group_arn: str) -> tuple[TargetState, ...]:
        """Health of the registered targets and of those that still drain."""
        return tuple(
            TargetState(instance, port, record.state, record.reason, record.description)
            for (arn, instance, port), record in self._records.items()
            if arn == target_group_arn
        )

    def routable(self, target_group_arn: str) -> tuple[tuple[str, int], ...]:
        """(instance id, port) of the targets that take requests: the healthy ones, or, as an ALB fails open, all that
        are being checked when none is healthy."""
        states = self.describe(target_group_arn)
        healthy = [one for one in states if one.state == "healthy"]
        chosen = healthy or [one for one in states if one.state in {"initial", "unhealthy"}]
        return tuple((one.instance, one.port) for one in chosen)

    async def close(self) -> None:
        tasks = [record.task for record in self._records.values() if record.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._records.clear()

    def _take_up(self, key: Key) -> None:
        arn, instance, _ = key
        record = self._records.get(key)
        if record is None or record.state == "draining":
            _cancel(record)
            record = self._records[key] = Record()
        idle = self._idle_reason(arn, instance)
        if idle is not None:
            if record.reason != idle:
                _cancel(record)
                record.task = None
                record.say(idle)
                self.on_change()
        elif record.task is None:
            fresh = self._records[key] = Record()
            fresh.task = asyncio.create_task(self._check(key, fresh))

    def _idle_reason(self, arn: str, instance: str) -> str | None:
        if arn not in self._peers:
            return "Target.NotInUse"
        host = self._hosts.get(instance)
        return None if host is not None and host.state in {"running", "pending"} else "Target.InvalidState"

    def _drain(self, key: Key) -> None:
        record = self._records[key]
        if record.state == "draining":
            return
        _cancel(record)
        group = self._groups.get(key[0])
        if group is None or record.state == "unused":
            del self._records[key]
            return
        record.say("Target.DeregistrationInProgress")
        record.task = asyncio.create_task(self._forget(key, record, group.deregistration_delay / self._pace))
        self.on_change()

    async def _forget(self, key: Key, record: Record, delay: float) -> None:
        await asyncio.sleep(delay)
        if self._records.get(key) is record:
            del self._records[key]

    async def _check(self, key: Key, record: Record) -> None:
        loop = asyncio.get_running_loop()
        while (group := self._groups.get(key[0])) is not None:
            due = loop.time() + max(SHORTEST_INTERVAL, group.interval / self._pace)
            outcome = await self._probe(group, key)
            if record.take(outcome, group.healthy, group.unhealthy):
                self.on_change()
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _probe(self, group: TargetGroup, key: Key) -> ProbeResult:
        _, instance, port = key
        peer, host = self._peers.get(group.arn), self._hosts.get(instance)
        if peer is None or host is None:
            return FAILED
        number = int(group.health_port) if group.health_port.isdigit() else port
        front = self._instances.front(instance, number, peer)
        return await probe(front, group, f"{host.address}:{number}", group.timeout)


async def probe(front: tuple[str, int], group: TargetGroup, host: str, timeout: float) -> ProbeResult:
    """One health check. front: where to connect. host: of the Host header. timeout: in seconds, real ones."""
    try:
        async with asyncio.timeout(timeout):
            status = await _status(front, group, host)
    except TimeoutError:
        return TIMED_OUT
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return FAILED
    if matches(group.matcher, status):
        return PASSED
    return ProbeResult(False, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


async def _status(front: tuple[str, int], group: TargetGroup, host: str) -> int:
    context: ssl.SSLContext | None = None
    if group.health_protocol == "HTTPS":
        # As an ALB: it doesn't verify what its targets present.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(*front, ssl=context)
    try:
        writer.write(
            f"GET {group.health_path or '/'} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            "User-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n".encode()
        )
        line = (await reader.readuntil(b"\n")).split(None, 2)
        if len(line) < 2 or not line[0].startswith(b"HTTP/"):
            raise ValueError("not HTTP")
        return int(line[1])
    finally:
        writer.transport.abort()


def _cancel(record: Record | None) -> None:
    if record is not None and record.task is not None:
        record.task.cancel()


def _in_use(balancers: Iterable[LoadBalancer]) -> Iterable[tuple[str, Caller]]:
    """Target groups that some listener forwards to, with the load balancer as their targets see it."""
    for balancer in balancers:
        peer = Caller("load-balancer", balancer.groups)
        for listener in balancer.listeners:
            for rule in listener.rules:
                for action in rule.actions:
                    several = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
                    for arn in (action.get("TargetGroupArn"), *(one.get("TargetGroupArn") for one in several)):
                        if arn:
                            yield str(arn), peer
