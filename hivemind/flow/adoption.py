"""`hivemind adopt`: the record of a deployment on this machine, made anew wherever it is lost, old or unreadable.

From what other machines left, where they left something; else from the stack, its parameters, outputs and target
groups, and from what its instances say runs on them. What is deployed does not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.aws.snapshot import describe, read
from hivemind.deploy import shared_journal, shared_state
from hivemind.deploy.journal import ATTEMPT, Journal, last_attempt, new_attempt
from hivemind.deploy.lease import acquire, who
from hivemind.deploy.shared_lease import shared
from hivemind.deploy.state import DeploymentState, DeploymentStatus, StateStore, StateUnreadable, deployment_id
from hivemind.flow import deployments
from hivemind.flow.clouds import connect, local_checkout
from hivemind.flow.deployments import Known
from hivemind.flow.keeping import kept_in, place
from hivemind.flow.looking_ahead import require_same_account
from hivemind.flow.meant import meant_by
from hivemind.flow.rebuilding import REVISION, by_name, cloud_of, from_stack
from hivemind.flow.running_releases import RunningRelease, running_releases, with_running
from hivemind.machine import home
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import DeploymentNotFound, Refused
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.deploy.shared_place import SharedPlace
    from hivemind.flow.face import Face
    from hivemind.plan.model import Snapshot
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud

THIS_MACHINE, OTHERS, STACK = "this machine", "other machines", "the stack"


@dataclass(frozen=True)
class Adopted:
    """state: as it is now; None where there is no record and no stack. source: THIS_MACHINE where its record was right,
    OTHERS or STACK. aside: what could not be read, under its new name. status: of the stack, None for none. running:
    what the instances say runs on them, where the stack was the source."""

    deployment_id: str
    state: DeploymentState | None
    source: str
    aside: Path | None
    status: str | None
    running: tuple[RunningRelease, ...] = ()


@dataclass(frozen=True)
class _Which:
    """said: where the blueprint keeps states. checkout: folder of the blueprint."""

    cloud: Cloud
    identity: str
    name: str
    environment: str
    said: str | None
    checkout: str | None

    @property
    def stack(self) -> str:
        return f"{self.name}-{self.environment}"


def adopt(asked: Asked, face: Face, *, clock: Clock = SYSTEM_CLOCK) -> Adopted:
    """Brings the record of a deployment in order. Starts the local cloud where the deployment is of it.

    Raises DeploymentNotFound, DeploymentLocked, CloudUnreachable, and Refused for a stack that is not HiveMind's.
    """
    which = _which(asked, face)
    store = StateStore(which.cloud.state)
    described = describe(which.cloud.client("cloudformation"), which.stack)
    snapshot = read(which.cloud, which.stack, described=described)
    _refuse_foreign(which, snapshot)
    stamp = f"{clock.now():%Y%m%dT%H%M%S}"
    folder = store.folder(which.identity)
    new = not folder.is_dir()
    running: tuple[RunningRelease, ...] = ()
    aside = _set_aside(store, which.identity, stamp)
    with acquire(folder, command="hivemind adopt"):
        here = store.find(which.identity)
        address = kept_in(which.said or (here.kept_in if here else None))
        kept = place(which.cloud, which.identity, which.stack, address, described=described)
        with shared(kept, command="hivemind adopt"):
            _bring(store, which, kept, face)
            found = store.find(which.identity)
            source = THIS_MACHINE if found == here else OTHERS
            if snapshot.status is not None and _is_behind(found, snapshot):
                found, source = _rebuilt(which, found, snapshot, clock), STACK
                running = running_releases(Known(store, found))
                found = with_running(found, running)
                store.save(replace(found, kept_in=address))
                _write_down(folder, which.identity, f"record made anew from the stack by {who()}", clock)
            elif found is not None and found.kept_in != address:
                store.update(which.identity, kept_in=address)
            if source == STACK:
                shared_state.push(kept, store, which.identity, face.note)
                shared_journal.bring(folder, kept, say=face.note)
            found = store.find(which.identity)
    if found is None and new:
        store.delete(which.identity)  # only the lease was in it
    return Adopted(which.identity, found, source, aside, snapshot.status, running)


def _which(asked: Asked, face: Face) -> _Which:
    """The deployment that is meant, known here or not."""
    broken = deployments.unreadable(asked.path, asked.environment, asked.deployment, local=asked.local)
    identity = asked.deployment
    if identity is None:
        meant = meant_by(asked.path, asked.environment)
        if meant.name is not None and meant.region is not None:
            local = meant.cloud == "local" if asked.local is None and meant.cloud else asked.local
            if local is None:
                local = deployments.last_cloud(asked.path, meant.environment) == "local"
            if broken is not None and isinstance(broken.path, Path):
                local = broken.path.is_relative_to(home.local_cloud())
            cloud = connect(meant.name, meant.region, Path(meant.folder), local=local, start=True, say=face.note)
            identity = deployment_id(meant.name, meant.environment, cloud.account, cloud.region)
            if meant.account is not None:
                require_same_account(cloud, meant.account, identity)
            return _Which(cloud, identity, meant.name, meant.environment, meant.state, meant.folder)
        if broken is None:
            known = deployments.require(asked.path, asked.environment, None, local=asked.local)
            identity = known.state.deployment_id
        else:
            identity = broken.deployment_id
    local = asked.local if asked.local is not None else (home.local_cloud() / "deployments" / identity).exists()
    named = by_name(identity, local=local)
    if named is None:
        raise DeploymentNotFound(
            f"{identity!r} is not the id of a deployment", hint="An id is NAME-ENVIRONMENT-ACCOUNT-REGION."
        )
    cloud = cloud_of(named, start=True)
    name, _, environment = named.stack.rpartition("-")
    checkout = local_checkout(named.account, name) if local else None
    return _Which(cloud, identity, name, environment, None, checkout)


def _refuse_foreign(which: _Which, snapshot: Snapshot) -> None:
    parameters: Mapping[str, Any] = snapshot.template.get("Parameters", {})
    if snapshot.template and REVISION not in parameters:
        raise Refused(
            f"the stack {which.stack} in {which.cloud.region} was not made by HiveMind. Nothing was changed.",
            hint="Rename the application or its environment, so that HiveMind makes a stack of its own.",
        )


def _set_aside(store: StateStore, identity: str, stamp: str) -> Path | None:
    """What cannot be read is kept under another name; its new name. None where it can be read, or there is none."""
    try:
        store.find(identity)
    except StateUnreadable as error:
        return store.set_aside(error, stamp)
    return None


def _bring(store: StateStore, which: _Which, kept: SharedPlace | None, face: Face) -> None:
    try:
        shared_state.bring(store, which.identity, kept, which.checkout or "", say=face.note)
    except StateUnreadable as error:
        face.note(f"warning: {error.message}")
    shared_journal.bring(store.folder(which.identity), kept, say=face.note)


def _is_behind(state: DeploymentState | None, snapshot: Snapshot) -> bool:
    """Whether the stack is of a later apply than the record knows. One that failed has changed the stack, and made no
    revision."""
    if state is None:
        return True
    number = snapshot.parameters.get(REVISION, "").removeprefix("r")
    failed = state.status is not DeploymentStatus.DEPLOYED
    return number.isdigit() and int(number) > state.revision + failed


def _rebuilt(which: _Which, older: DeploymentState | None, snapshot: Snapshot, clock: Clock) -> DeploymentState:
    now = clock.now().isoformat(timespec="seconds")
    state = from_stack(which.identity, which.name, which.environment, which.cloud, snapshot, now=now)
    if older is None:
        return replace(state, checkout=which.checkout)
    return replace(
        state,
        checkout=older.checkout or which.checkout,
        revisions=(*older.revisions, *state.revisions),
        host_keys=older.host_keys,
        urls=older.urls,
        serial=older.serial,
    )


def _write_down(folder: Path, identity: str, words: str, clock: Clock) -> None:
    attempt = last_attempt(folder) or new_attempt(clock)
    with Journal(folder, identity, attempt, clock=clock) as journal:
        journal.record(ATTEMPT, "adopt", EventKind.NOTE, words)
