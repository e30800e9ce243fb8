"""Instances that are out of service while the stack changes, and how they come back whatever becomes of the change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from hivemind.releases import targets
from hivemind.releases.targets import Target, TargetHealth
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import StageError

if TYPE_CHECKING:
    from hivemind.blueprint.model import Health, Service
    from hivemind.values.cloud import Cloud

ALIVE = frozenset({"pending", "running"})
"""States of an EC2 instance in which it can be registered, or can be soon."""
HEALTH_DEADLINE = 300.0
"""Seconds for a target to become healthy on AWS; less where health checks run faster."""
LEAST_HEALTH_DEADLINE = 30.0
"""Seconds that any application gets: it starts no faster where health checks do."""


def health_deadline(cloud: Cloud, *services: Service) -> float:
    """Seconds for a target of some services to become healthy: twice what the checks of the slowest of them may take,
    and never less than is usual. An application gets no faster where its checks come faster."""
    return health_deadline_of(cloud, *(one.health for one in services))


def health_deadline_of(cloud: Cloud, *checks: Health) -> float:
    """The same, of health checks."""
    slowest = max((2 * one.healthy * (one.interval / cloud.pace + one.timeout) for one in checks), default=0.0)
    return max(LEAST_HEALTH_DEADLINE, HEALTH_DEADLINE / cloud.pace, slowest)


class Withdrawal:
    """What a run takes out of service. Its methods may be called from any thread.

    deadline: seconds that a target gets to become healthy again. tell: is told what happens, a line each.
    """

    def __init__(
        self, cloud: Cloud, *, deadline: float, clock: Clock = SYSTEM_CLOCK, tell: Callable[[str], None]
    ) -> None:
        self._cloud, self._clock, self._tell = cloud, clock, tell
        self._deadline = deadline
        self._out: dict[Target, str] = {}
        self._lock = threading.RLock()

    def take_out(self, target_group_arn: str, instances: Collection[str], *, coming_back: bool = False) -> None:
        """Takes instances out of a target group and waits until their connections have ended, if others serve
        meanwhile: the only ones that answer stay in for as long as they run.

        coming_back: whether they run again after the change; `give_back` then waits for those that stayed in as well.
        """
        known = targets.known_health(self._cloud, target_group_arn, clock=self._clock)
        going = [one.target for one in known if one.target.instance_id in instances and one.state != targets.GONE]
        others = [one for one in known if one.is_healthy and one.target not in going]
        with self._lock:
            if others or coming_back:
                self._out.update(dict.fromkeys(going, target_group_arn))
        if going and others:
            targets.deregister_and_drain(self._cloud, target_group_arn, going, clock=self._clock)

    @property
    def is_out(self) -> bool:
        """Whether something is out of service."""
        with self._lock:
            return bool(self._out)

    def give_back(self, *, wait: bool = True) -> tuple[TargetHealth, ...]:
        """Registers again what was taken out and still runs, and waits until it is healthy.

        wait: whether to; without, they are waited for by the next call. Returns those that are not healthy at the
        deadline. Does nothing where all is back.
        """
        with self._lock:
            out, running = dict(self._out), self._running({one.instance_id for one in self._out})
            back = {target: arn for target, arn in out.items() if target.instance_id in running}
            for arn in sorted(set(back.values())):
                mine = [target for target, group in back.items() if group == arn]
                self._tell(f"registering again: {', '.join(one.instance_id for one in mine)}")
                targets.register(self._cloud, arn, mine, clock=self._clock)
            if not wait:
                return ()
            self._out.clear()
        return tuple(one for arn in sorted(set(back.values())) for one in self._ill(arn, back))

    def _ill(self, arn: str, back: Mapping[Target, str]) -> tuple[TargetHealth, ...]:
        """Waits for the targets of a group; those that run and are not healthy in the end."""
        waiting = [TargetHealth(target, "initial") for target, group in back.items() if group == arn]
        for seen in targets.looks(self._cloud, arn, deadline=self._deadline, clock=self._clock):
            running = self._running({target.instance_id for target in back})
            known = {one.target: one for one in seen}
            waiting = [
                known.get(target, TargetHealth(target, targets.GONE, description="not registered"))
                for target, group in back.items()
                if group == arn and target.instance_id in running
            ]
            waiting = [one for one in waiting if not one.is_healthy]
            if not waiting:
                break
        return tuple(waiting)

    def _running(self, instances: Collection[str]) -> set[str]:
        return {one for one, state in states(self._cloud, instances).items() if state in ALIVE}


def states(cloud: Cloud, instances: Collection[str]) -> Mapping[str, str]:
    """EC2's word for the state of each of these instances; those that EC2 does not know are left out."""
    if not instances:
        return {}
    # By a filter: an id that does not exist any more is no error then.
    named = [{"Name": "instance-id", "Values": sorted(instances)}]
    answer = cloud.client("ec2").describe_instances(Filters=named)
    return {
        one["InstanceId"]: str(one["State"]["Name"])
        for reservation in answer["Reservations"]
        for one in reservation["Instances"]
    }


def give_back_after(error: BaseException, withdrawal: Withdrawal, *, wait: bool) -> None:
    """Gives back what was taken out for a change that failed, and adds to the failure what receives traffic now."""
    was_out = withdrawal.is_out
    try:
        ill = withdrawal.give_back(wait=wait)
    except (CloudCallFailed, StageError) as later:
        error.add_note(f"also failed: the instances that were out of service cannot be registered again: {later}")
        return
    if ill:
        names = "; ".join(map(str, ill))
        error.add_note(f"also failed: instances are registered again, but not healthy: {names}")
    elif was_out and wait and isinstance(error, StageError) and error.left:
        error.left += "; the instances that were out of service receive traffic again"
