"""What a plan can be compared with from here, and a deployment as it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.flow.clouds import reachable, region_of, stock_platforms
from hivemind.flow.deployments import Known, find
from hivemind.flow.target import is_local_target
from hivemind.plan.model import NOTHING, Snapshot
from hivemind.values.defaults import BLUEPRINT_FILE

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked
    from hivemind.releases.deployed import Deployed
    from hivemind.values.artifact import Platform
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class BasisOfPlan:
    """snapshot: live, recorded or nothing. platform: of an operating system and a size where artifacts will run."""

    snapshot: Snapshot
    region: str
    platform: Callable[[str, str], Platform]


def basis(checked: Checked, local: bool | None) -> BasisOfPlan:
    """The best that can be had without starting anything: the live cloud, else what was recorded, else nothing."""
    from hivemind.flow.prepare import live_snapshot

    blueprint = checked.blueprint
    region = region_of(blueprint)
    known = find(checked.folder, blueprint.environment, None, local=local)
    here = is_local_target(checked, local)
    cloud = reachable(blueprint.name, region, checked.folder, local=here)
    if cloud is not None:
        state = known.state if known and known.state.account == cloud.account else None
        return BasisOfPlan(live_snapshot(checked, cloud, state, wait=False), region, cloud.platform)
    platform = stock_platforms(local=here)
    if known is not None and known.state.recorded is not None:
        return BasisOfPlan(known.state.snapshot(), region, platform)
    return BasisOfPlan(NOTHING, region, platform)


def deployed_now(known: Known, checked: Checked, cloud: Cloud) -> Deployed:
    """A deployment as it stands now. Raises DeploymentNotFound where its stack is gone."""
    from hivemind.aws.snapshot import describe
    from hivemind.hosts.keys import deployment_key
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
        key=deployment_key(known.folder).private,
        known_hosts=known.state.host_keys,
        artifacts=known.state.artifacts,
    )


def checkout_of(known: Known, path: Path) -> Path:
    """The folder with the blueprint of a deployment: PATH where it has one, else where it was applied from."""
    folder = path if path.is_dir() else path.parent
    return folder if (folder / BLUEPRINT_FILE).is_file() else Path(known.state.checkout or ".")
