"""Something that is done to the instances of a service one after another, each out of service meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.hosts import remote
from hivemind.releases import targets
from hivemind.releases.targets import TargetHealth
from hivemind.values.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class InTurn:
    """The instances of a service in turn. target_group_arn: None for a service without requests. deadline: seconds
    until a target must be healthy again. tell: is told an instance's id and what happens to it."""

    cloud: Cloud
    service: str
    target_group_arn: str | None
    deadline: float
    tell: Callable[[str, str], None] = lambda _instance, _what: None
    clock: Clock = SYSTEM_CLOCK

    def each(self, hosts: Sequence[Host], act: Callable[[Host], None]) -> None:
        """Does it to all of them. An instance leaves the load balancer first if another one answers meanwhile, and is
        healthy again before the next one's turn. Raises StageError; the instances after it are as they were."""
        for host in hosts:
            self._one(host, act)

    def _one(self, host: Host, act: Callable[[Host], None]) -> None:
        arn, instance = self.target_group_arn, host.instance_id
        if arn is None:
            self.tell(instance, "restarting")
            act(host)
            return
        known = targets.known_health(self.cloud, arn, clock=self.clock)
        own = [one.target for one in known if one.target.instance_id == instance and one.state != targets.GONE]
        others = [one for one in known if one.is_healthy and one.target.instance_id != instance]
        if own and others:
            self.tell(instance, "leaving the load balancer")
            targets.deregister_and_drain(self.cloud, arn, own, clock=self.clock)
        self.tell(instance, "restarting")
        try:
            act(host)
        finally:
            # Also after a failure: whatever runs there served before.
            targets.register(self.cloud, arn, own, clock=self.clock)
        if own:
            targets.wait_healthy(
                self.cloud,
                arn,
                own,
                deadline=self.deadline,
                clock=self.clock,
                on_state=lambda health: self._state(instance, health),
                log_lines=lambda _: remote.last_lines(host, self.service),
                service=self.service,
            )

    def _state(self, instance: str, health: TargetHealth) -> None:
        self.tell(instance, health.state)
