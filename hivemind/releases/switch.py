"""Blue-green: requests go from the instances that serve to new ones that have the release, and back if these fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.releases import targets
from hivemind.releases.health_path import answers
from hivemind.releases.targets import DRAINING, Target, TargetHealth
from hivemind.values.clock import polls
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host
    from hivemind.releases.rollout import Rollout


@dataclass(frozen=True)
class Switch:
    """rollout: of the release, which runs on all of the new instances and is not registered. before: EC2 ids of those
    that serve. bake: seconds in which the new ones must answer on their own. begins: called before requests leave the
    instances before; done: once the new ones get all; undone: when those before have them again."""

    rollout: Rollout
    before: frozenset[str]
    bake: float = 0.0
    begins: Callable[[], None] = lambda: None
    done: Callable[[], None] = lambda: None
    undone: Callable[[], None] = lambda: None

    def run(self) -> tuple[TargetHealth, ...]:
        """Asks the new instances, registers them, and takes those before out once the load balancer says that the new
        ones are healthy. Returns their health when no connection to those before is left.

        Raises StageError; those before then get the requests, and the new ones get none.
        """
        baked(self.rollout, self.bake)
        try:
            self.rollout.register()
            self.begins()
            return self._drained(self._leave())
        except StageError as error:
            error.left = self._back()
            raise

    def _leave(self) -> list[Target]:
        arn, cloud = self._arn, self.rollout.cloud
        leaving = [one.target for one in targets.target_health(cloud, arn) if one.target.instance_id in self.before]
        targets.deregister(cloud, arn, leaving)
        self.done()
        return leaving

    def _drained(self, leaving: Sequence[Target]) -> tuple[TargetHealth, ...]:
        """Waits until the connections to those before have ended, and looks at the new ones meanwhile."""
        cloud, clock, tell = self.rollout.cloud, self.rollout.clock, self.rollout.watcher.on_state
        new, told = set(self.rollout.targets), ""
        draining: list[TargetHealth] = []
        for health in targets.looks(cloud, self._arn, deadline=DRAINING, clock=clock):
            ours = tuple(one for one in health if one.target in new)
            if ill := [one for one in ours if one.state == "unhealthy"]:
                raise StageError(
                    Stage.REGISTER,
                    f"not healthy any more, with all requests: {'; '.join(map(str, ill))}",
                    subject=self.rollout.service.name,
                    lines=self.rollout.last_lines(ill[0].target.instance_id),
                    hint="`hivemind logs` shows more of the application's log.",
                    path=f"services.{self.rollout.service.name}",
                )
            draining = [one for one in health if one.target in leaving and one.state == "draining"]
            if not draining:
                return ours
            if draining and told != str(draining[0]):
                told = str(draining[0])
                tell(draining[0])
        names = ", ".join(str(one) for one in draining)
        raise StageError(Stage.REGISTER, f"still draining after {DRAINING:g} s: {names}", subject=self._arn)

    def _back(self) -> str:
        """Has those before serve again, then takes the new ones out. What that leaves, a clause."""
        cloud, arn, rollout = self.rollout.cloud, self._arn, self.rollout
        port = rollout.request.port or 0
        known = {one.target.instance_id: one.target for one in targets.target_health(cloud, arn)}
        old = [known.get(one, Target(one, port)) for one in sorted(self.before)]
        try:
            targets.register(cloud, arn, old)
            targets.wait_healthy(cloud, arn, old, deadline=rollout.deadline, clock=rollout.clock)
            self.undone()
            targets.deregister_and_drain(cloud, arn, rollout.targets, clock=rollout.clock)
        except StageError as error:
            return f"the instances before are registered again, but: {error.message}"
        return "the instances with the release before receive the requests"

    @property
    def _arn(self) -> str:
        assert self.rollout.target_group_arn is not None
        return self.rollout.target_group_arn


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
