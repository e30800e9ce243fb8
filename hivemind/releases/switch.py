"""Blue-green: requests go from the instances that serve to new ones that have the release, and back if these fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.releases import targets
from hivemind.releases.health_path import answers
from hivemind.releases.targets import DRAINING, Target, TargetHealth
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock, polls
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.releases.rollout import Rollout
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class Switch:
    """service: its name. new: what runs the release that is to serve, not registered. before: EC2 ids of those that
    serve. deadline: seconds until a target must be healthy. tell: gets what the load balancer says. lines: EC2 id ->
    the application's last lines. begins: called before requests leave the instances before; done: once the new ones get
    all; undone: when those before have them again."""

    cloud: Cloud
    service: str
    arn: str
    new: Sequence[Target]
    before: frozenset[str]
    deadline: float
    clock: Clock = SYSTEM_CLOCK
    tell: Callable[[TargetHealth], None] = lambda _: None
    lines: Callable[[str], Sequence[str]] = lambda _: ()
    begins: Callable[[], None] = lambda: None
    done: Callable[[], None] = lambda: None
    undone: Callable[[], None] = lambda: None

    def run(self) -> tuple[TargetHealth, ...]:
        """Registers the new instances, and takes those before out once the load balancer says that the new ones are
        healthy. Returns their health when no connection to those before is left.

        Raises StageError, and CloudCallFailed where the load balancer has no time for long; those before then get the
        requests, and the new ones get none.
        """
        try:
            targets.register(self.cloud, self.arn, self.new, clock=self.clock)
            targets.wait_healthy(
                self.cloud,
                self.arn,
                self.new,
                deadline=self.deadline,
                clock=self.clock,
                on_state=self.tell,
                log_lines=self.lines,
                service=self.service,
            )
            self.begins()
            return self._drained(self._leave())
        except (StageError, CloudCallFailed) as error:
            left = self._back()
            if isinstance(error, StageError):
                error.left = left
            else:
                error.add_note(left)
            raise

    def _leave(self) -> list[Target]:
        known = targets.known_health(self.cloud, self.arn, clock=self.clock)
        leaving = [one.target for one in known if one.target.instance_id in self.before]
        targets.deregister(self.cloud, self.arn, leaving, clock=self.clock)
        self.done()
        return leaving

    def _drained(self, leaving: Sequence[Target]) -> tuple[TargetHealth, ...]:
        """Waits until the connections to those before have ended, and looks at the new ones meanwhile."""
        told, draining = "", [TargetHealth(one, "draining") for one in leaving]
        for health in targets.looks(self.cloud, self.arn, deadline=DRAINING, clock=self.clock):
            ours = tuple(one for one in health if one.target in self.new)
            if ill := [one for one in ours if one.state == "unhealthy"]:
                raise StageError(
                    Stage.REGISTER,
                    f"not healthy any more, with all requests: {'; '.join(map(str, ill))}",
                    subject=self.service,
                    lines=self.lines(ill[0].target.instance_id),
                    hint="`hivemind logs` shows more of the application's log.",
                    path=f"services.{self.service}",
                )
            draining = [one for one in health if one.target in leaving and one.state == "draining"]
            if not draining:
                return ours
            if told != str(draining[0]):
                told = str(draining[0])
                self.tell(draining[0])
        names = ", ".join(str(one) for one in draining)
        raise StageError(Stage.REGISTER, f"still draining after {DRAINING:g} s: {names}", subject=self.service)

    def _back(self) -> str:
        """Has those before serve again, then takes the new ones out. What that leaves, a clause."""
        port = next((one.port for one in self.new), 0)
        try:
            known = {
                one.target.instance_id: one.target
                for one in targets.known_health(self.cloud, self.arn, clock=self.clock)
            }
            old = [known.get(one, Target(one, port)) for one in sorted(self.before)]
            targets.register(self.cloud, self.arn, old, clock=self.clock)
            targets.wait_healthy(self.cloud, self.arn, old, deadline=self.deadline, clock=self.clock)
            self.undone()
            targets.deregister_and_drain(self.cloud, self.arn, self.new, clock=self.clock)
        except (StageError, CloudCallFailed) as error:
            return f"the instances before should receive the requests again, but: {error.message}"
        return "the instances with the release before receive the requests"


def baked(rollout: Rollout, seconds: float) -> None:
    """Asks each new instance itself until it has answered its health check for so long, and as many times in a row as
    the load balancer wants. Raises StageError(register) for one that does not."""
    clock, health = rollout.clock, rollout.service.health
    wrong: tuple[Host, str] | None = None
    since, good = clock.monotonic(), 0
    for _ in polls(clock, deadline=rollout.deadline + seconds, most=max(0.25, 2.0 / max(1.0, rollout.cloud.pace))):
        found = ((host, answers(host, rollout.request.port or 0, health)) for host in rollout.hosts)
        wrong = next(((host, what) for host, what in found if what), None)
        if wrong:
            since, good = clock.monotonic(), 0
            continue
        good += 1
        if good >= health.healthy and clock.monotonic() - since >= seconds:
            return
    raise rollout.unanswered(*(wrong or (rollout.hosts[0], "it does not answer for long enough")))
