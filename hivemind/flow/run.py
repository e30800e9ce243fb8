"""What one apply knows from its start, and what it says while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.blueprint.model import Service
from hivemind.hosts.keys import deployment_key
from hivemind.plan.model import Action, Plan, Snapshot
from hivemind.releases.sources import ReleaseSource
from hivemind.template.names import instance as instance_id_of
from hivemind.values.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from hivemind.deploy.state import StateStore
    from hivemind.flow.checking import Checked
    from hivemind.hosts.keys import KeyPair
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class Node:
    """One instance of a service. logical_id: in the template. number: 1-based. existing: EC2 id of one that stands
    and is not replaced, None for one that is to come."""

    service: str
    number: int
    logical_id: str
    existing: str | None

    @property
    def event(self) -> str:
        """The event that the stack's step fulfils with the EC2 id as soon as the instance exists."""
        return f"instance {self.logical_id}"


@dataclass(frozen=True)
class Run:
    """One apply. plan: live, as approved. snapshot: what stood when it was made. parameters: of the stack.
    may_lose: logical ids of what holds data and may be lost. artifacts: folder of built artifacts.
    unverified: whether what stands was released by a run that did not end well; the plan then has its revision."""

    checked: Checked
    cloud: Cloud
    plan: Plan
    snapshot: Snapshot
    sources: Mapping[str, ReleaseSource]
    store: StateStore
    deployment_id: str
    artifacts: Path
    parameters: Mapping[str, str]
    known_hosts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    may_lose: frozenset[str] = frozenset()
    unverified: bool = False
    clock: Clock = SYSTEM_CLOCK

    @cached_property
    def key(self) -> KeyPair:
        """The deployment's SSH key pair. Raises HiveMindError when its file can't be used."""
        return deployment_key(self.folder, comment=self.deployment_id)

    @property
    def revision(self) -> str:
        return f"r{self.plan.revision}"

    @property
    def folder(self) -> Path:
        return self.store.folder(self.deployment_id)

    @property
    def changes_stack(self) -> bool:
        return bool(self.plan.changes)

    def nodes(self, service: Service) -> tuple[Node, ...]:
        """The instances of a service once the plan is applied."""
        fresh = {change.logical_id for change in self.plan.changes if change.action in (Action.CREATE, Action.REPLACE)}
        logical_ids = [instance_id_of(service.name, number) for number in range(1, service.instances + 1)]
        return tuple(
            Node(service.name, number, one, None if one in fresh else self.snapshot.physical_ids.get(one))
            for number, one in enumerate(logical_ids, 1)
        )

    def releasing(self) -> tuple[tuple[Service, tuple[Node, ...]], ...]:
        """The services that get a release, each with the instances that get it: all of them when the release is
        another one, only the new ones when instances were added."""
        released = {} if self.plan.again else self.snapshot.artifacts
        needed = {change.service for change in self.plan.releases if change.source != released.get(change.service)}
        found = []
        for name, service in sorted(self.checked.blueprint.services.items()):
            nodes = self.nodes(service)
            if name not in needed:
                nodes = tuple(node for node in nodes if node.existing is None)
            if nodes:
                found.append((service, nodes))
        return tuple(found)
