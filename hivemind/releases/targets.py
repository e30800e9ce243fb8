"""Targets of a load balancer: register, deregister and drain, wait until healthy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from hivemind.hosts.application_causes import advice
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls
from hivemind.values.errors import Stage, StageError
from hivemind.values.poller import poller

if TYPE_CHECKING:
    from hivemind.values.cloud import Cloud

T = TypeVar("T")
PATIENCE = 120.0
"""Seconds for which calls are made again that AWS has no time for."""
GONE = "unused"
LONGEST = 1.5
"""The longest pause between two looks, times the first: a target is healthy soon."""
NOT_REGISTERED = "Target.NotRegistered"
"""Reason of a target that is asked about by name and is not registered (ELB API reference, TargetHealth)."""
REGISTERED = frozenset({"initial", "healthy", "unhealthy", "unused"})
"""States of a target that is registered; one that drains is not any more."""
DRAINING = 3600.0 + 30.0
"""Seconds: more than the longest deregistration delay (ELB: 0 to 3600 seconds)."""
HINTS = {
    "Target.ResponseCodeMismatch": "The application answers the health check with an unexpected status. "
    "Set services.NAME.health to a path that answers. 400 usually means a refused Host header: allow the "
    "instance's address, which it contains.",
    "Target.Timeout": "The application did not answer the health check in time, or a security group blocks the load "
    "balancer.",
    "Target.FailedHealthChecks": "Nothing answers on the service's port. Does the application listen on 0.0.0.0 and "
    "on $PORT?",
}
_FAILED = re.compile(r"\[5\d\d\]")
"""A probe that the application answered by an error of its own."""


@dataclass(frozen=True)
class Target:
    """An instance behind a load balancer, with the port that it is registered with."""

    instance_id: str
    port: int

    def as_request(self) -> dict[str, Any]:
        return {"Id": self.instance_id, "Port": self.port}


@dataclass(frozen=True)
class TargetHealth:
    """What the load balancer says of a target. state: `initial`, `healthy`, `unhealthy`, `draining`, `unused`.
    reason: code such as `Target.ResponseCodeMismatch`. description: the last probe in words."""

    target: Target
    state: str
    reason: str | None = None
    description: str | None = None

    @property
    def is_healthy(self) -> bool:
        return self.state == "healthy"

    def __str__(self) -> str:
        why = self.description or self.reason
        return f"{self.target.instance_id} {self.state}" + (f": {why}" if why else "")


def register(cloud: Cloud, target_group_arn: str, targets: Iterable[Target], *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Registers targets; ones that are registered already are no error. As patient as `known_health`: what was taken
    out of service would stay out."""
    listed = [target.as_request() for target in targets]
    if listed:
        client = cloud.client("elbv2")
        _patiently(lambda: client.register_targets(TargetGroupArn=target_group_arn, Targets=listed), clock)


def known_health(cloud: Cloud, target_group_arn: str, *, clock: Clock = SYSTEM_CLOCK) -> tuple[TargetHealth, ...]:
    """As `target_health`, in the middle of a release, which is no moment to give up because AWS wants to be asked
    later. Raises CloudCallFailed after PATIENCE."""
    return _patiently(lambda: target_health(cloud, target_group_arn), clock)


def _patiently(call: Callable[[], T], clock: Clock) -> T:
    """What a call answers once AWS has time for it; each makes its own few tries before."""
    for _ in polls(clock, deadline=PATIENCE, most=10.0):
        try:
            return call()
        except CloudCallFailed as error:
            if not error.passing:
                raise
    return call()


def target_health(cloud: Cloud, target_group_arn: str) -> tuple[TargetHealth, ...]:
    """Every registered target's health, by instance and port."""
    answer = cloud.client("elbv2").describe_target_health(TargetGroupArn=target_group_arn)
    found = []
    for entry in answer["TargetHealthDescriptions"]:
        health = entry.get("TargetHealth", {})
        target = Target(entry["Target"]["Id"], int(entry["Target"].get("Port") or 0))
        found.append(
            TargetHealth(target, health.get("State", "initial"), health.get("Reason"), health.get("Description"))
        )
    return tuple(sorted(found, key=lambda health: (health.target.instance_id, health.target.port)))


def deregister(cloud: Cloud, target_group_arn: str, targets: Iterable[Target], *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Takes targets out of service; their connections have until the deregistration delay to end. As patient as
    `known_health`."""
    listed = [target.as_request() for target in targets]
    if listed:
        client = cloud.client("elbv2")
        _patiently(lambda: client.deregister_targets(TargetGroupArn=target_group_arn, Targets=listed), clock)


def in_use(cloud: Cloud, target_group_arn: str, *, clock: Clock = SYSTEM_CLOCK) -> set[str]:
    """EC2 ids of the instances that are registered, whether or not they answer; those that drain are not."""
    return {
        one.target.instance_id
        for one in known_health(cloud, target_group_arn, clock=clock)
        if one.state in REGISTERED and one.reason != NOT_REGISTERED
    }


def deregister_and_drain(
    cloud: Cloud,
    target_group_arn: str,
    targets: Sequence[Target],
    *,
    deadline: float = DRAINING,
    clock: Clock = SYSTEM_CLOCK,
    on_state: Callable[[TargetHealth], None] | None = None,
) -> None:
    """Takes targets out of service and waits until their connections have ended.

    deadline: seconds, more than the target group's deregistration delay. Raises StageError(register) when
    one is still draining then. Targets that are not registered are no error.
    """
    present = {one.target for one in known_health(cloud, target_group_arn, clock=clock) if one.state != GONE}
    leaving = [target for target in targets if target in present]
    if not leaving:
        return
    requests = [target.as_request() for target in leaving]
    cloud.client("elbv2").deregister_targets(TargetGroupArn=target_group_arn, Targets=requests)
    teller = _Teller(on_state)
    draining = [TargetHealth(target, "draining") for target in leaving]
    for health in looks(cloud, target_group_arn, deadline=deadline, clock=clock):
        draining = [one for one in health if one.target in leaving and one.state != GONE]
        if not draining:
            return
        teller.tell(draining)
    names = ", ".join(str(one) for one in draining)
    raise StageError(Stage.REGISTER, f"still draining after {deadline:g} s: {names}", subject=target_group_arn)


def wait_healthy(
    cloud: Cloud,
    target_group_arn: str,
    targets: Sequence[Target],
    *,
    deadline: float = 300.0,
    clock: Clock = SYSTEM_CLOCK,
    on_state: Callable[[TargetHealth], None] | None = None,
    log_lines: Callable[[str], Iterable[str]] | None = None,
    service: str | None = None,
) -> tuple[TargetHealth, ...]:
    """Waits until all of these targets are healthy and returns their health.

    deadline: seconds. on_state: gets a target's health whenever it changes. log_lines: instance id -> the
    application's last lines, asked for when the wait fails. Raises StageError(register) with the last probe's
    outcome and those lines.
    """
    teller = _Teller(on_state)
    waiting = [TargetHealth(target, "initial") for target in targets]
    for health in looks(cloud, target_group_arn, deadline=deadline, clock=clock):
        by_target = {one.target: one for one in health}
        now = [by_target.get(target, TargetHealth(target, GONE, description="not registered")) for target in targets]
        teller.tell(now)
        waiting = [one for one in now if not one.is_healthy]
        if not waiting:
            return tuple(now)
    raise _unhealthy(waiting, deadline, log_lines, service)


def looks(cloud: Cloud, target_group_arn: str, *, deadline: float, clock: Clock) -> Iterator[tuple[TargetHealth, ...]]:
    """Every target's health, again and again, until the deadline in seconds: one look for all who wait for the same
    group. Where AWS wants to be asked later, the next one comes later; that is no reason to give up a wait."""
    return poller(cloud, clock).answers(
        ("targets", target_group_arn), lambda: target_health(cloud, target_group_arn), deadline=deadline, most=LONGEST
    )


def _unhealthy(
    waiting: Sequence[TargetHealth],
    deadline: float,
    log_lines: Callable[[str], Iterable[str]] | None,
    service: str | None,
) -> StageError:
    lines: list[str] = []
    for one in waiting[:3] if log_lines else ():
        assert log_lines is not None
        lines.extend(log_lines(one.target.instance_id))
    told = advice(lines, service) if service else None
    if told is None and any(_FAILED.search(str(one)) for one in waiting):
        told = "The application fails on this path. The reason is in its last lines, or in `hivemind logs NAME`."
    hint = told or next((HINTS[one.reason] for one in waiting if one.reason in HINTS), None)
    return StageError(
        Stage.REGISTER,
        f"not healthy after {deadline:g} s: " + "; ".join(map(str, waiting)),
        subject=service or waiting[0].target.instance_id,
        lines=lines,
        hint=hint.replace("NAME", service) if hint and service else hint,
        path=f"services.{service}" if service else None,
    )


class _Teller:
    """Passes on what changed since the last look."""

    def __init__(self, on_state: Callable[[TargetHealth], None] | None) -> None:
        self._on_state = on_state
        self._last: dict[Target, TargetHealth] = {}

    def tell(self, healths: Iterable[TargetHealth]) -> None:
        for health in healths:
            if self._on_state is not None and self._last.get(health.target) != health:
                self._on_state(health)
            self._last[health.target] = health
