"""One apply, from its plan to its end: what the plugins' steps are told of it, and what they act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.flow.keeping import NOWHERE, Kept
from hivemind.steps.deployment import Deployment
from hivemind.steps.run import Apply

if TYPE_CHECKING:
    from hivemind.deploy.state import StateStore
    from hivemind.flow.checking import Checked
    from hivemind.flow.collecting import Owned
    from hivemind.plan.model import Plan, Snapshot
    from hivemind.releases.sources import ReleaseSource
    from hivemind.values.clock import Clock
    from hivemind.values.cloud import Cloud


def told(checked: Checked, plan: Plan, snapshot: Snapshot, sources: Mapping[str, ReleaseSource], **more: Any) -> Apply:
    """What plugins are told of an apply. more: what only the cloud that it is made in can tell, by name."""
    return Apply(
        deployment_id=more.pop("deployment_id", ""),
        cloud=plan.cloud,
        region=plan.region,
        blueprint=checked.blueprint,
        assembly=checked.assembly,
        repository=checked.repository,
        plan=plan,
        snapshot=snapshot,
        sources=sources,
        **more,
    )


@dataclass(frozen=True)
class Run:
    """checked: with what the stack knows better. apply: as plugins are told. deployment: what steps act on. steps: of
    all plugins, in no order. kept: where other machines find what becomes of it."""

    checked: Checked
    apply: Apply
    deployment: Deployment
    steps: Owned
    kept: Kept = NOWHERE

    @property
    def plan(self) -> Plan:
        """Live, as it is to be approved."""
        return self.apply.plan

    @property
    def unverified(self) -> bool:
        """Whether what is deployed was released by a run that did not end well; the plan then has its revision."""
        return self.apply.unverified

    @property
    def sources(self) -> Mapping[str, ReleaseSource]:
        """Service -> what its release is made of."""
        return self.apply.sources

    @property
    def cloud(self) -> Cloud:
        return self.deployment.cloud

    @property
    def store(self) -> StateStore:
        return self.deployment.store

    @property
    def clock(self) -> Clock:
        return self.deployment.clock

    @property
    def deployment_id(self) -> str:
        return self.deployment.id

    @property
    def folder(self) -> Path:
        """Where state and journal are."""
        return self.deployment.folder

    @property
    def revision(self) -> str:
        return self.apply.revision
