"""The runs that plugins contribute steps to: an Apply or a Destroy, as it is known before its first effect."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from hivemind.blueprint.model import Blueprint, Service
from hivemind.deploy.removal import Content
from hivemind.plan.model import UNRELEASED, Action, Plan, Snapshot
from hivemind.releases.sources import ReleaseSource
from hivemind.repositories.repository import Repository
from hivemind.steps import milestones
from hivemind.template.fragment import Assembly
from hivemind.template.names import instance, scaling_group
from hivemind.values.errors import Stage


class Goal(enum.StrEnum):
    """What a run that deletes a stack is for: `destroy` is asked for, `rollback` follows a failure."""

    DESTROY = "destroy"
    ROLLBACK = "rollback"


@dataclass(frozen=True)
class Node:
    """One instance of a service, or the group of all of them. logical_id: in the template. number: 1-based. existing:
    EC2 id of one that exists and is not replaced, None for one that is to come; of a group, its name. is_group: whether
    it is a group."""

    service: str
    number: int
    logical_id: str
    existing: str | None
    is_group: bool = False

    @property
    def event(self) -> str:
        """The milestone that the stack's step reaches, with the EC2 id, as soon as the instance exists; of a
        group, with its name."""
        return milestones.instance(self.logical_id)


@dataclass(frozen=True)
class Apply:
    """An apply.

    cloud: `aws` or `local`. plan: the approved plan. snapshot: what the plan was compared with. sources: service ->
    what its release is made of. may_lose: logical ids of resources that hold data and may be lost. skip_rollback: those
    that a rollback, which failed before, leaves as they are. unverified: whether
    a run that did not end well released what is deployed; the plan then has that run's revision. left: name of a build
    stack that an earlier run left behind, or None. usual: type of resource -> seconds that one took to create before.
    keeps: whether new instances that a failed blue-green release made stay, for people to look at.
    """

    deployment_id: str
    cloud: str
    region: str
    blueprint: Blueprint
    assembly: Assembly
    repository: Repository
    plan: Plan
    snapshot: Snapshot
    sources: Mapping[str, ReleaseSource]
    may_lose: frozenset[str] = frozenset()
    skip_rollback: frozenset[str] = frozenset()
    unverified: bool = False
    keeps: bool = False
    left: str | None = None
    usual: Mapping[str, float] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """The number of the revision, as people write it: `r4`."""
        return f"r{self.plan.revision}"

    @property
    def changes_stack(self) -> bool:
        """Whether the apply creates or updates the stack, or takes an earlier update back."""
        return bool(self.plan.changes) or self.plan.recovers

    def nodes(self, service: Service) -> tuple[Node, ...]:
        """The instances of a service after the apply; of one with a group, the group."""
        fresh = {change.logical_id for change in self.plan.changes if change.action in (Action.CREATE, Action.REPLACE)}
        group = service.scaling is not None
        own = [instance(service.name, number, service.colour) for number in service.numbers]
        logical_ids = [scaling_group(service.name)] if group else own
        return tuple(
            Node(service.name, number, one, None if one in fresh else self.snapshot.physical_ids.get(one), group)
            for number, one in enumerate(logical_ids, 1)
        )

    def releasing(self) -> tuple[tuple[Service, tuple[Node, ...]], ...]:
        """The services that get a release, each with the instances that get it: all instances for a changed release,
        only those that lack it if the plan adds instances or finds some without."""
        released = {} if self.plan.again else self.snapshot.artifacts
        needed = {change.service for change in self.plan.releases if change.source != released.get(change.service)}
        lacking = {one.logical_id for one in self.plan.repairs if one.trouble in UNRELEASED}
        found = []
        for name, service in sorted(self.blueprint.services.items()):
            nodes = self.nodes(service)
            if name not in needed:
                nodes = tuple(node for node in nodes if node.existing is None or node.logical_id in lacking)
            if nodes:
                found.append((service, nodes))
        return tuple(found)


@dataclass(frozen=True)
class Destroy:
    """A run that deletes a deployment.

    stack_id: None if there is no stack. contents: resources of the stack. keep_snapshots: whether to keep final
    snapshots of databases and caches. unprotect: whether to remove termination protection. left: name of a build stack
    that an apply left behind, or None.
    """

    deployment_id: str
    cloud: str
    region: str
    goal: Goal
    stack_id: str | None
    contents: tuple[Content, ...]
    keep_snapshots: bool = True
    unprotect: bool = False
    left: str | None = None

    @property
    def stage(self) -> Stage:
        """The stage that the steps belong to."""
        return Stage.ROLLBACK if self.goal is Goal.ROLLBACK else Stage.CLEANUP
