"""Waves: the updates of the stack in an apply, so that of several instances never more than half are out of service.

In one update CloudFormation makes all new instances, then deletes all that they replace; the new ones have no release
yet. So an apply that replaces instances of a service updates the stack several times. Each time it changes some of
them, with everything else in the first, and releases on them before the next. A single instance has no other to serve
meanwhile: the plan says how long that takes. Where a release goes onto instances of another colour (blue-green), these
are made in the first wave, and those before go in the last. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.plan.colours import taken_over
from hivemind.plan.instances import apart, is_replaced, is_stopped
from hivemind.plan.model import Action
from hivemind.steps import milestones
from hivemind.steps.milestones import STACK, Turn
from hivemind.template.names import colour_of, scaling_access, scaling_group
from hivemind.template.resource_types import INSTANCE

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.steps.run import Apply, Node


NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Share:
    """What one service has of a wave. turn: among the service's shares that release something. nodes: instances that
    get a release. replaced, stopped: logical ids of those that run and that the wave's update replaces, or stops and
    starts again. leaving: logical ids of what the wave's update removes, because a group has taken the place of
    instances, or instances that of a group, or because instances of another colour have. before: logical id -> EC2 id
    of instances whose requests those that get a release take over."""

    service: Service
    turn: Turn
    nodes: tuple[Node, ...]
    replaced: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()
    before: Mapping[str, str] = field(default_factory=lambda: NONE)

    @property
    def moved(self) -> frozenset[str]:
        """Logical ids of the instances that are out of service while the stack changes."""
        return self.replaced | self.stopped

    @property
    def release(self) -> str:
        """The milestone: the release runs on these instances."""
        return self.turn.name(milestones.release(self.service.name))

    @property
    def traffic(self) -> str:
        """The milestone: these instances are registered and healthy."""
        return self.turn.name(milestones.traffic(self.service.name))


@dataclass(frozen=True)
class Wave:
    """One update of the stack. later: logical ids of instances that it leaves as they are, for waves to come."""

    turn: Turn
    shares: tuple[Share, ...]
    later: frozenset[str]

    @property
    def stack(self) -> str:
        """The milestone: the stack is as this wave leaves it."""
        return self.turn.name(STACK)


def waves(run: Apply) -> tuple[Wave, ...]:
    """The waves of an apply, at least one."""
    releasing = {service.name: nodes for service, nodes in run.releasing()}
    columns = [
        _shares(run, service, releasing.get(name, ())) for name, service in sorted(run.blueprint.services.items())
    ]
    count = max((len(column) for column in columns), default=0) or 1
    resting = frozenset(one for name, nodes in releasing.items() if nodes for one in _resting(run, name))
    return tuple(
        Wave(
            Turn(number, count),
            tuple(column[number - 1] for column in columns if len(column) >= number),
            frozenset(one for column in columns for share in column[number:] for one in share.moved | share.leaving)
            | resting,
        )
        for number in range(1, count + 1)
    )


def _shares(run: Apply, service: Service, nodes: tuple[Node, ...]) -> list[Share]:
    """A service's shares, one a wave; none for a service that nothing happens to."""
    changes = {change.logical_id: change for change in run.plan.changes}
    known = [node.logical_id for node in run.nodes(service)]
    standing = [one for one in known if one in run.snapshot.physical_ids]
    moved = [one for one in standing if one in changes and (is_replaced(changes[one]) or is_stopped(changes[one]))]
    in_turn = [one for one in moved if one in apart(run.plan.changes)] if len(standing) > 1 else []
    by_id = {node.logical_id: node for node in nodes}
    # What is new, or runs without the release, comes first: it serves while the others change.
    first = [one for one in known if one not in in_turn and (one in by_id or one in moved)]
    size = max(1, len(standing) // 2)
    pieces = [first] if first else []
    pieces += [in_turn[start : start + size] for start in range(0, len(in_turn), size)]
    released = [tuple(by_id[one] for one in piece if one in by_id) for piece in pieces]
    count = sum(bool(one) for one in released)
    gone = _superseded(run, service) if nodes else frozenset()
    before = taken_over(service, run.snapshot) if nodes else NONE
    last = [Share(service, Turn(count, count), (), leaving=gone)] if gone else []
    return [
        Share(
            service,
            Turn(sum(bool(one) for one in released[: number + 1]), count),
            released[number],
            frozenset(one for one in piece if one in moved and is_replaced(changes[one])),
            frozenset(one for one in piece if one in moved and is_stopped(changes[one])),
            before=before,
        )
        for number, piece in enumerate(pieces)
    ] + last


def _superseded(run: Apply, service: Service) -> frozenset[str]:
    """What goes once those that get a release have its traffic: instances for a group, or a group for instances."""
    group, policy = scaling_group(service.name), scaling_access(service.name)
    gone = {change.logical_id: change.type for change in run.plan.changes if change.action is Action.DELETE}
    if service.scaling is None and group in gone:
        return frozenset({group, policy} & set(gone))
    if service.scaling is None:
        return frozenset() if service.strategy.keep else _before(run, service) & set(gone)
    return frozenset(one for one, kind in gone.items() if kind == INSTANCE and colour_of(service.name, one))


def _before(run: Apply, service: Service) -> frozenset[str]:
    return frozenset(taken_over(service, run.snapshot))


def _resting(run: Apply, name: str) -> frozenset[str]:
    """Instances that stay as a way back, although the final template does not have them."""
    service = run.blueprint.services[name]
    return _before(run, service) if service.strategy.keep else frozenset()
