"""A state that cannot be read: what runs all the same, and the state made anew from the stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.deploy.state import (
    FILE,
    DeploymentState,
    DeploymentStatus,
    Recorded,
    Revision,
    StackInfo,
    StateStore,
    StateUnreadable,
)
from hivemind.flow import deployments
from hivemind.flow.clouds import connect, local_checkout
from hivemind.flow.project import folder_of
from hivemind.machine import home
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import HiveMindError
from hivemind.values.stack_statuses import is_ready

if TYPE_CHECKING:
    from hivemind.flow.face import Face
    from hivemind.flow.status import LiveStatus
    from hivemind.plan.model import Snapshot
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud

_ID = re.compile(r"(?P<stack>.+)-(?P<account>\d{12})-(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)")
_ENVIRONMENT_TAG = "hivemind:environment"


@dataclass(frozen=True)
class Rebuilt:
    """aside: what could not be read, under its new name. state: as it was made anew; None where there is no stack, and
    so nothing is deployed."""

    deployment_id: str
    aside: Path
    state: DeploymentState | None


@dataclass(frozen=True)
class _Place:
    """What the id of a deployment says. local: of the local cloud."""

    stack: str
    account: str
    region: str
    local: bool


def told_unreadable(error: StateUnreadable) -> StateUnreadable:
    """The error with what runs according to the stack. Starts no local cloud."""
    place = _place(error)
    if place is None or error.runs is not None:
        return error
    from hivemind.flow.status import live_status

    try:
        return error.told(_words(live_status(_cloud(place, start=False), place.stack)))
    except HiveMindError as reason:
        return error.told(f"Its stack cannot be asked what runs: {reason.message}")


def rebuild(asked: Asked, face: Face, *, clock: Clock = SYSTEM_CLOCK) -> Rebuilt | None:
    """Makes the state of a deployment anew; None where it can be read.

    On AWS it is the one that the last apply left in the deployment's bucket. Else it is made of the stack, without the
    history of revisions, what was released and addresses: the next apply releases again. Starts the local
    cloud where it does not run. Raises CloudUnreachable, and StateUnreadable for one that does not lie on this machine.
    """
    from hivemind.aws.snapshot import describe, read
    from hivemind.deploy.lease import acquire

    error = deployments.unreadable(asked.path, asked.environment, asked.deployment, local=asked.local)
    if error is None:
        deployments.require(asked.path, asked.environment, asked.deployment, local=asked.local)
        return None
    place = _place(error)
    if place is None or not isinstance(error.path, Path):
        raise error
    cloud = _cloud(place, start=True)
    described = describe(cloud.client("cloudformation"), place.stack)
    snapshot = read(cloud, place.stack, described=described)
    moment = clock.now()
    store = StateStore(error.path.parent.parent if error.path.name == FILE else error.path.parent)
    aside = None if error.path.name == FILE else store.set_aside(error, f"{moment:%Y%m%dT%H%M%S}")
    with acquire(store.folder(error.deployment_id), command="hivemind state rebuild"):
        aside = aside or store.set_aside(error, f"{moment:%Y%m%dT%H%M%S}")
        if snapshot.status is None:
            return Rebuilt(error.deployment_id, aside, None)
        tags = {tag["Key"]: tag["Value"] for tag in (described or {}).get("Tags", ())}
        now = moment.isoformat(timespec="seconds")
        environment = tags.get(_ENVIRONMENT_TAG) or place.stack.rpartition("-")[2]
        state = _left(cloud, described, error.deployment_id)
        state = state or _state(error.deployment_id, place, snapshot, environment, now)
        if asked.deployment is None:
            state = replace(state, checkout=str(folder_of(asked.path).resolve()))
        elif place.local:
            state = replace(state, checkout=local_checkout(place.account, state.name))
        store.save(state)
    face.note(f"Kept what could not be read: {aside}", aside=True)
    return Rebuilt(error.deployment_id, aside, state)


def _left(cloud: Cloud, described: Mapping[str, Any] | None, identity: str) -> DeploymentState | None:
    """The state that the last apply on AWS left for other machines; None where there is none that can be read."""
    from hivemind.deploy import shared_state

    bucket = shared_state.bucket_of(cloud, described)
    try:
        state = None if bucket is None else shared_state.pull(cloud, bucket)
    except HiveMindError:
        return None
    return state if state is not None and state.deployment_id == identity else None


def _state(identity: str, place: _Place, snapshot: Snapshot, environment: str, now: str) -> DeploymentState:
    number = snapshot.parameters.get("Revision", "").removeprefix("r")
    return DeploymentState(
        identity,
        DeploymentStatus.DEPLOYED if is_ready(snapshot.status) else DeploymentStatus.FAILED,
        stack_info=StackInfo(place.stack, snapshot.stack_id, place.region),
        alb_dns_name=snapshot.outputs.get("ALBDNSName"),
        target_group_arn=snapshot.outputs.get("TargetGroupArn"),
        name=place.stack.removesuffix(f"-{environment}"),
        environment=environment,
        account=place.account,
        region=place.region,
        cloud="local" if place.local else "aws",
        revisions=(Revision(int(number), now),) if number.isdigit() else (),
        recorded=Recorded(
            snapshot.status, snapshot.template, snapshot.parameters, snapshot.outputs, snapshot.physical_ids
        ),
    )


def _place(error: StateUnreadable) -> _Place | None:
    parts = _ID.fullmatch(error.deployment_id)
    if parts is None or not isinstance(error.path, Path):
        return None
    local = error.path.is_relative_to(home.local_cloud())
    return _Place(parts["stack"], parts["account"], parts["region"], local)


def _cloud(place: _Place, *, start: bool) -> Cloud:
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
