"""The order in which a service's instances get a release."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hivemind.blueprint.strategy import Way
from hivemind.hosts import pool, remote
from hivemind.hosts.application_causes import advice
from hivemind.hosts.remote import InstallStep
from hivemind.releases import targets
from hivemind.releases.application_environment import with_release_command
from hivemind.releases.health_path import answers
from hivemind.releases.targets import Target, TargetHealth
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.hosts.onhost.request import Request
    from hivemind.hosts.ssh import Host
    from hivemind.values.artifact import Artifact
    from hivemind.values.cloud import Cloud


ANSWER_DEADLINE = 60.0
"""Seconds in which an application that is up must answer its health check: requests reach it meanwhile."""


@dataclass(frozen=True)
class Watcher:
    """Who is told what happens. on_step: instance id and the installer's step. on_state: a target's health."""

    on_step: Callable[[str, InstallStep], None] = lambda _instance, _step: None
    on_state: Callable[[TargetHealth], None] = lambda _health: None


@dataclass(frozen=True)
class Rollout:
    """One service's release on its instances. hosts: open connections, in the order of the instances.
    target_group_arn: None for a worker. deadline: seconds until a target must be healthy. address: of an archive, where
    instances can fetch it, asked for just before. migrates: whether the release command runs, on the first instance.
    group: name of the Auto Scaling group that the instances are of, None for those of a fixed number.
    clocked: the instance that gets the service's jobs, None where it is not among these.
    before: instance id -> the release that was current on it until this one was installed; out: what
    is out of service now. Both fill as it goes."""

    cloud: Cloud
    service: Service
    artifact: Artifact
    request: Request
    hosts: Sequence[Host]
    target_group_arn: str | None = None
    watcher: Watcher = Watcher()
    deadline: float = 300.0
    address: remote.AddressOf = lambda _: None
    clock: Clock = SYSTEM_CLOCK
    migrates: bool = True
    group: str | None = None
    clocked: str | None = None
    before: dict[str, str] = field(default_factory=dict)
    out: set[Target] = field(default_factory=set)

    def install(self) -> None:
        """Puts the release on all instances.

        Where nothing else serves meanwhile, all at once, after the first one ran the release command; nothing is
        registered. Where instances serve already, one after another, each out of service while it changes and healthy
        again before the next, those that do not serve yet before all others: requests go on being answered. As many
        change at a time as the service's strategy says; with `recreate`, all of them stop before the first starts.
        Raises StageError; the instances that were not reached keep the release before.
        """
        if self.service.strategy.way is Way.RECREATE:
            self._recreate()
            return
        healthy = self._healthy()
        serving = [host for host in self.hosts if self._target(host) in healthy]
        idle = [host for host in self.hosts if host not in serving]
        if not serving or len(healthy) + len(idle) < 2:
            if healthy and not serving:
                self._set_aside(idle)
            self._install_on_all(self.hosts, command=self.migrates)
            return
        if idle:
            self._set_aside(idle)
            self._install_on_all(idle, command=self.migrates)
            self._bring_in(idle)
        size = self.service.strategy.batch
        for start in range(0, len(serving), size):
            self._replace(serving[start : start + size], command=self.migrates and not idle and start == 0)

    def _set_aside(self, hosts: Sequence[Host]) -> None:
        """Takes instances that do not answer yet out of the load balancer while others do: a group registers its own,
        and they could begin to answer, with what they installed at their boot, just before they change."""
        arn = self.target_group_arn
        if arn is None:
            return
        registered = targets.in_use(self.cloud, arn, clock=self.clock)
        aside = [self._target(host) for host in hosts if host.instance_id in registered]
        self.out.update(aside)
        targets.deregister_and_drain(self.cloud, arn, aside, clock=self.clock, on_state=self.watcher.on_state)

    def _recreate(self) -> None:
        """Stops the release before on all instances, then starts this one. After a failure, those that it did not
        reach start as they were."""
        name = self.service.name
        stopped = [host for host in self.hosts if remote.status(host, name).get("current")]
        pool.results(pool.on_each(stopped, lambda host: remote.stop(host, name)))
        try:
            self._install_on_all(self.hosts, command=self.migrates)
        except StageError:
            reached = set(self.before)
            pool.on_each(
                [one for one in stopped if one.instance_id not in reached], lambda host: remote.start(host, name)
            )
            raise

    def _install_on_all(self, hosts: Sequence[Host], *, command: bool) -> None:
        first, *others = hosts
        self._install_on(first, command=command)
        pool.results(pool.on_each(others, lambda host: self._install_on(host, command=False)))

    def register(self) -> tuple[TargetHealth, ...]:
        """Registers all instances and waits until they are healthy; nothing to do for a worker."""
        if self.target_group_arn is None or not self.hosts:
            return ()
        return self._bring_in(self.hosts)

    def give_back(self) -> None:
        """Registers again what a run took out of service that was interrupted before it could bring it back, and waits
        a little for it to be healthy: whatever the interrupt left on the instance is what serves there."""
        if self.target_group_arn is None or not self.out:
            return
        out = sorted(self.out, key=lambda target: target.instance_id)
        targets.register(self.cloud, self.target_group_arn, out, clock=self.clock)
        self.out.clear()
        with contextlib.suppress(StageError):
            targets.wait_healthy(
                self.cloud,
                self.target_group_arn,
                out,
                deadline=min(self.deadline, ANSWER_DEADLINE),
                clock=self.clock,
                on_state=self.watcher.on_state,
            )

    def _healthy(self) -> set[Target]:
        """The targets that answer now, those of other instances of the service among them."""
        if self.target_group_arn is None:
            return set()
        known = targets.known_health(self.cloud, self.target_group_arn, clock=self.clock)
        return {one.target for one in known if one.is_healthy}

    def _replace(self, hosts: Sequence[Host], *, command: bool) -> None:
        arn = self.target_group_arn
        targeted = [self._target(host) for host in hosts]
        # The last ones that serve stay in: a short restart is better than nobody to answer.
        if arn is not None and self._healthy() - set(targeted):
            self.out.update(targeted)
            targets.deregister_and_drain(self.cloud, arn, targeted, clock=self.clock, on_state=self.watcher.on_state)
        try:
            self._install_on_all(hosts, command=command)
        finally:
            # Also after a failure: the release before is current again and must serve.
            if arn is not None:
                targets.register(self.cloud, arn, targeted, clock=self.clock)
            self.out.difference_update(targeted)
        self._bring_in(hosts)

    def _bring_in(self, hosts: Sequence[Host]) -> tuple[TargetHealth, ...]:
        assert self.target_group_arn is not None
        by_instance = {host.instance_id: host for host in hosts}
        wanted = [self._target(host) for host in hosts]
        targets.register(self.cloud, self.target_group_arn, wanted, clock=self.clock)
        self.out.difference_update(wanted)
        try:
            for host in hosts:
                if host.instance_id in self.before:
                    self._ask(host)
            return targets.wait_healthy(
                self.cloud,
                self.target_group_arn,
                wanted,
                deadline=self.deadline,
                clock=self.clock,
                on_state=self.watcher.on_state,
                log_lines=lambda instance: remote.last_lines(by_instance[instance], self.service.name),
                service=self.service.name,
            )
        except StageError as error:
            error.left = self._go_back(hosts) or error.left
            raise

    def _ask(self, host: Host) -> None:
        """Raises StageError(register) unless the application answers its health check. Its instance was healthy with
        the release before, and counts as that for the next checks."""
        wrong, deadline = "", min(self.deadline, ANSWER_DEADLINE)
        for _ in polls(self.clock, deadline=deadline):
            wrong = answers(host, self.request.port or 0, self.service.health) or ""
            if not wrong:
                return
        raise self.unanswered(host, wrong)

    def unanswered(self, host: Host, wrong: str) -> StageError:
        """The error of an instance that does not answer its health check well. wrong: what is wrong, in words."""
        lines = self.last_lines(host.instance_id)
        return StageError(
            Stage.REGISTER,
            f"not healthy after {min(self.deadline, ANSWER_DEADLINE):g} s: {host.instance_id}: {wrong}",
            subject=self.service.name,
            lines=lines,
            hint=advice(lines, self.service.name) or "`hivemind logs` shows more of the application's log.",
            path=f"services.{self.service.name}",
        )

    def last_lines(self, instance: str) -> tuple[str, ...]:
        """The application's last lines on one of these instances."""
        return next(
            (remote.last_lines(one, self.service.name) for one in self.hosts if one.instance_id == instance), ()
        )

    @property
    def targets(self) -> list[Target]:
        """These instances, with the ports that their application listens on."""
        return [self._target(host) for host in self.hosts]

    def _go_back(self, hosts: Sequence[Host]) -> str:
        """Makes the release before current again where there is one, and waits for it to be healthy, since it answered
        before. What that leaves, a clause; empty where these instances had no release before."""
        back = [host for host in hosts if host.instance_id in self.before]
        if not back:
            return ""
        named = ", ".join(f"{host.instance_id} ({self.before[host.instance_id]})" for host in back)
        try:
            pool.results(pool.on_each(back, self._go_back_on))
            targets.wait_healthy(
                self.cloud,
                self.target_group_arn or "",
                [self._target(host) for host in back],
                deadline=self.deadline,
                clock=self.clock,
                on_state=self.watcher.on_state,
            )
        except StageError as error:
            return f"the release before is current again, but does not receive traffic: {error.message}"
        return f"the release before is current again and receives traffic: {named}"

    def _go_back_on(self, host: Host) -> None:
        remote.rollback(host, self.service.name, self.before[host.instance_id])

    def _install_on(self, host: Host, *, command: bool) -> None:
        request = with_release_command(self.request, self.service, self.artifact) if command else self.request
        if host.instance_id != self.clocked:
            request = replace(request, jobs=())
        steps = remote.install(
            host,
            self.artifact.path,
            request,
            lambda step: self.watcher.on_step(host.instance_id, step),
            layers=self.artifact.layers,
            address=self.address,
        )
        before = next((step.data.get("before") for step in steps if step.name == "start"), None)
        if isinstance(before, str) and before != request.release:
            self.before[host.instance_id] = before

    def _target(self, host: Host) -> Target:
        port = self.request.port or 0
        return Target(host.instance_id, host.bound.get(port, port))
