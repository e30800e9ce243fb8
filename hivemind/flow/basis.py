"""What a plan can be compared with from here, and a deployment as it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.flow.clouds import reachable, region_of, stock_platforms
from hivemind.flow.deployments import Known, find
from hivemind.flow.project import blueprint_file
from hivemind.flow.target import is_local_target
from hivemind.plan.model import NOTHING, Snapshot

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked
    from hivemind.releases.deployed import Deployed
    from hivemind.values.artifact import Platform
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud
    from hivemind.values.errors import CloudUnreachable


@dataclass(frozen=True)
class BasisOfPlan:
    """snapshot: live, recorded or nothing. platform: of an operating system and a size where artifacts will run. cloud:
    that it was compared with, None where it could not be asked; why: what stood in the way."""

    snapshot: Snapshot
    region: str
    platform: Callable[[str, str], Platform]
    cloud: Cloud | None = None
    why: CloudUnreachable | None = None


def basis(checked: Checked, local: bool | None) -> BasisOfPlan:
    """The best that can be had without starting anything: the live cloud, else what was recorded, else nothing."""
    from hivemind.deploy import shared_state
    from hivemind.deploy.state import StateStore
    from hivemind.flow.prepare import id_of, kept_now, live_snapshot

    blueprint = checked.blueprint
    region = region_of(blueprint)
    here = is_local_target(checked, local)
    reasons: list[CloudUnreachable] = []
    cloud = reachable(blueprint.name, region, checked.folder, local=here, why=reasons.append)
    why = reasons[0] if reasons else None
    if cloud is not None:
        store, identity = StateStore(cloud.state), id_of(checked, cloud)
        shared_state.bring(store, identity, kept_now(checked, cloud).place, str(checked.folder.resolve()))
        state = store.find(identity)
        return BasisOfPlan(live_snapshot(checked, cloud, state, wait=False), region, cloud.platform, cloud)
    known = find(checked.source.path, blueprint.environment, None, local=here)
    platform = stock_platforms(local=here)
    if known is not None and known.state.recorded is not None:
        return BasisOfPlan(known.state.snapshot(), region, platform, why=why)
    return BasisOfPlan(NOTHING, region, platform, why=why)


def deployed_now(known: Known, checked: Checked, cloud: Cloud) -> Deployed:
    """A deployment as it stands now. Raises DeploymentNotFound where its stack is gone."""
    from hivemind.aws.snapshot import describe
    from hivemind.deploy import shared_key
    from hivemind.releases.deployed import Deployed
    from hivemind.values.errors import DeploymentNotFound

    described = describe(cloud.client("cloudformation"), known.stack)
    if described is None:
        raise DeploymentNotFound(
            f"the stack of {known.state.deployment_id} is gone", hint="`hivemind apply` creates it again."
        )
    return Deployed(
        blueprint=checked.blueprint,
        bindings=checked.assembly.bindings,
        hooks=checked.plugins,
        cloud=cloud,
        deployment_id=known.state.deployment_id,
        revision=f"r{known.state.revision}",
        outputs={item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", ())},
        key=shared_key.of(cloud, known.folder, known.state.deployment_id).private,
        known_hosts=known.state.host_keys,
        artifacts=known.state.artifacts,
    )


def checkout_of(known: Known, asked: Asked) -> Path:
    """The blueprint of a deployment, or its folder: what was asked for where that meant it, else where it was applied
    from."""
    file = blueprint_file(asked.path)
    return file if asked.deployment is None and file.is_file() else Path(known.state.checkout or ".")
