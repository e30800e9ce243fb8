"""What a stack tells where the state does not: what runs, and the state made anew from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.deploy.state import (
    DeploymentState,
    DeploymentStatus,
    Recorded,
    Revision,
    StackInfo,
    StateUnreadable,
)
from hivemind.flow.clouds import connect
from hivemind.machine import home
from hivemind.values.errors import HiveMindError
from hivemind.values.stack_statuses import is_ready

if TYPE_CHECKING:
    from hivemind.flow.status import LiveStatus
    from hivemind.plan.model import Snapshot
    from hivemind.values.cloud import Cloud

_ID = re.compile(r"(?P<stack>.+)-(?P<account>\d{12})-(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)")
REVISION = "Revision"
"""Parameter of the stack: the number of the apply that changed it last."""


@dataclass(frozen=True)
class ByName:
    """What the id of a deployment says. local: of the local cloud."""

    stack: str
    account: str
    region: str
    local: bool


def told_unreadable(error: StateUnreadable) -> StateUnreadable:
    """The error with what runs according to the stack. Starts no local cloud."""
    place = _of_error(error)
    if place is None or error.runs is not None:
        return error
    from hivemind.flow.status import live_status

    try:
        return error.told(_words(live_status(cloud_of(place, start=False), place.stack)))
    except HiveMindError as reason:
        return error.told(f"Its stack cannot be asked what runs: {reason.message}")


def from_stack(
    identity: str, name: str, environment: str, cloud: Cloud, snapshot: Snapshot, *, now: str
) -> DeploymentState:
    """The state that a stack tells: without the revisions before its own, and without what was released, so that the
    next apply releases it again. now: RFC 3339, of a revision whose time nobody knows."""
    number = snapshot.parameters.get(REVISION, "").removeprefix("r")
    return DeploymentState(
        identity,
        DeploymentStatus.DEPLOYED if is_ready(snapshot.status) else DeploymentStatus.FAILED,
        stack_info=StackInfo(f"{name}-{environment}", snapshot.stack_id, cloud.region),
        alb_dns_name=snapshot.outputs.get("ALBDNSName"),
        target_group_arn=snapshot.outputs.get("TargetGroupArn"),
        name=name,
        environment=environment,
        account=cloud.account,
        region=cloud.region,
        cloud=cloud.name,
        endpoint=cloud.endpoint,
        revisions=(Revision(int(number), now),) if number.isdigit() else (),
        recorded=Recorded(
            snapshot.status, snapshot.template, snapshot.parameters, snapshot.outputs, snapshot.physical_ids
        ),
    )


def by_name(identity: str, *, local: bool) -> ByName | None:
    """What the id of a deployment says; None where it is not one."""
    parts = _ID.fullmatch(identity)
    return None if parts is None else ByName(parts["stack"], parts["account"], parts["region"], local)


def _of_error(error: StateUnreadable) -> ByName | None:
    if not isinstance(error.path, Path):
        return None
    return by_name(error.deployment_id, local=error.path.is_relative_to(home.local_cloud()))


def cloud_of(place: ByName, *, start: bool) -> Cloud:
    """The cloud of a deployment that is known by its id alone. start: starts the local one where it does not run.
    Raises CloudUnreachable."""
    from hivemind.flow.clouds import local_account
    from hivemind.flow.looking_ahead import require_same_account

    if place.local:
        return local_account(place.account, place.region, start=start)
    cloud = connect(place.stack, place.region, Path(), local=False)
    require_same_account(cloud, place.account, place.stack)
    return cloud


def _words(found: LiveStatus) -> str:
    if found.status is None:
        return "It has no stack: nothing of it runs."
    running = [f"stack {found.status}"]
    for service, instances in found.services.items():
        running.append(f"{service} {sum(one.works for one in instances)} of {len(instances)} working")
    running += [f"{name} {status}" for name, status in found.databases.items()]
    return f"According to its stack, this runs: {', '.join(running)}."
