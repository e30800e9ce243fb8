"""Deployments on AWS that another machine made: found by their stack, with the state that lies in their bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.deploy import shared_journal, shared_state
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StackInfo, StateStore, deployment_id
from hivemind.flow.keeping import kept_in, place
from hivemind.machine import aws_profile, home
from hivemind.values.errors import CloudUnreachable

if TYPE_CHECKING:
    from pathlib import Path

    from hivemind.flow.meant import Meant
    from hivemind.values.cloud import Cloud


def adopted(meant: Meant, checkout: Path) -> DeploymentState | None:
    """The state of the deployment that is meant, asked of AWS and kept on this machine from now on; None where it is
    not there, or nobody can be asked.

    checkout: folder of the blueprint.
    """
    if meant.name is None or meant.region is None or not aws_profile.configured():
        return None
    from hivemind.flow.clouds import connect

    cloud = connect(meant.name, meant.region, checkout, local=False)
    try:
        if meant.account not in (None, cloud.account):
            return None
        return _of_stack(cloud, meant)
    except CloudUnreachable:
        return None


def _of_stack(cloud: Cloud, meant: Meant) -> DeploymentState | None:
    from hivemind.aws.snapshot import describe

    assert meant.name is not None
    name = f"{meant.name}-{meant.environment}"
    described = describe(cloud.client("cloudformation"), name)
    identity = deployment_id(meant.name, meant.environment, cloud.account, cloud.region)
    shared = place(cloud, identity, name, kept_in(meant.state), described=described)
    if shared is None:
        return None
    store = StateStore(home.deployments())
    shared_state.bring(store, identity, shared, meant.folder)
    if store.find(identity) is not None:
        shared_journal.bring(store.folder(identity), shared)
    elif described is not None:  # made by a HiveMind that left no state there
        store.save(
            DeploymentState(
                identity,
                DeploymentStatus.PENDING,
                stack_info=StackInfo(name, described["StackId"], cloud.region),
                name=meant.name,
                environment=meant.environment,
                account=cloud.account,
                region=cloud.region,
                checkout=meant.folder,
            )
        )
    return store.find(identity)
