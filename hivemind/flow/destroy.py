"""Destroy: takes a deployment away, after it was listed what goes, and says what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.aws.snapshot import describe
from hivemind.deploy import final_snapshots as finals
from hivemind.deploy.calls import StackCalls
from hivemind.deploy.journal import Journal, new_attempt
from hivemind.deploy.removal import Content, Deletion, contents
from hivemind.deploy.stack import StackDriver
from hivemind.deploy.state import DeploymentStatus, StateStore
from hivemind.flow import build_stack as buildstack
from hivemind.flow.status import TARGET_GROUP
from hivemind.releases.targets import deregister_and_drain, target_health
from hivemind.template.names import ARTIFACT_BUCKET, build_stack
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import Refused, Stage
from hivemind.values.events import Event, EventKind

if TYPE_CHECKING:
    from hivemind.deploy.events import StackEvent
    from hivemind.values.cloud import Cloud

STAGE, STEP = Stage.CLEANUP, "destroy"
LOGIN = "AWS::SecretsManager::Secret"


@dataclass(frozen=True)
class Leaving:
    """What a destroy takes away. stack_id: None where there is no stack any more. contents: of the stack.
    protected: whether it has termination protection. build_stack: name of one that an apply left."""

    deployment_id: str
    stack_id: str | None
    contents: tuple[Content, ...]
    protected: bool = False
    build_stack: str | None = None

    @property
    def databases(self) -> tuple[Content, ...]:
        """What is snapshotted before it goes."""
        return tuple(one for one in self.contents if one.snapshotted)

    @property
    def lost(self) -> tuple[Content, ...]:
        """What holds data and keeps none of them. The generated login of a database is no data."""
        return tuple(one for one in self.contents if one.holds_data and not one.kept and one.resource.type != LOGIN)

    @property
    def staying(self) -> tuple[Content, ...]:
        return tuple(one for one in self.contents if one.retained)


def leaving(cloud: Cloud, deployment_id: str, stack: str) -> Leaving:
    """Asks the cloud what is in a deployment's stack, and whether a build stack of it is left. stack: name or id."""
    building = build_stack(stack.split("/")[1] if stack.startswith("arn:") else stack)
    found = buildstack.standing(cloud, building)
    left = building if found is not None and buildstack.is_of(found, deployment_id) else None
    described = describe(cloud.client("cloudformation"), stack)
    if described is None:
        return Leaving(deployment_id, None, (), build_stack=left)
    stack_id = described["StackId"]
    protected = bool(described.get("EnableTerminationProtection"))
    return Leaving(deployment_id, stack_id, contents(StackCalls(cloud), stack_id), protected, left)


def destroy(
    cloud: Cloud,
    store: StateStore,
    what: Leaving,
    *,
    keep_snapshots: bool,
    unprotect: bool,
    listener: Callable[[Event], None],
    clock: Clock = SYSTEM_CLOCK,
) -> Deletion:
    """Drains, deletes the stack, and forgets the deployment. The caller holds the lease.

    keep_snapshots: whether final snapshots of databases and caches stay. unprotect: take termination protection off.
    Raises Refused for a protected stack; StageError (cleanup) where something could not be deleted: then the
    state stays, so that destroy can be called again.
    """
    if what.protected and not unprotect:  # before the first target is drained
        raise Refused(
            f"{what.deployment_id} is protected against deletion",
            hint="`hivemind destroy --unprotect` takes the protection off first.",
        )
    folder = store.folder(what.deployment_id)
    with Journal(folder, what.deployment_id, new_attempt(clock), listeners=(listener,), clock=clock) as journal:
        journal.record(STAGE, STEP, EventKind.STARTED, what.deployment_id)
        began = clock.monotonic()
        try:
            deletion = _delete(cloud, what, journal, unprotect=unprotect, clock=clock)
            if not keep_snapshots:
                finals.drop(cloud, deletion.snapshots)
        except BaseException as error:
            journal.record(STAGE, STEP, EventKind.FAILED, str(error) or type(error).__name__)
            if store.find(what.deployment_id) is not None:
                store.update(what.deployment_id, status=DeploymentStatus.FAILED)
            raise
        seconds = round(clock.monotonic() - began, 3)
        journal.record(STAGE, STEP, EventKind.FINISHED, "the stack is deleted", {"seconds": seconds})
    store.delete(what.deployment_id)
    return deletion


def _delete(cloud: Cloud, what: Leaving, journal: Journal, *, unprotect: bool, clock: Clock) -> Deletion:
    if what.build_stack:
        journal.record(STAGE, STEP, EventKind.PROGRESS, f"deleting the build stack {what.build_stack}")
        buildstack.remove(cloud, what.build_stack, what.deployment_id, lambda text: _note(journal, text), clock=clock)
    if what.stack_id is None:
        return Deletion(None, existed=False)
    for one in what.contents:
        if one.resource.type == TARGET_GROUP:
            targets = [health.target for health in target_health(cloud, one.resource.physical_id)]
            journal.record(STAGE, STEP, EventKind.PROGRESS, f"draining {len(targets)} of {one.resource.logical_id}")
            deregister_and_drain(cloud, one.resource.physical_id, targets, clock=clock)
    gone: set[str] = set()

    def tell(event: StackEvent) -> None:
        if event.status == "DELETE_COMPLETE" and not event.is_stack:
            gone.add(event.logical_id)
        journal.record(
            STAGE,
            STEP,
            EventKind.PROGRESS,
            f"{len(gone)} of {len(what.contents)} resources",
            {"logical_id": event.logical_id, "type": event.type, "status": event.status, "reason": event.reason},
        )

    buckets = tuple(one.resource.physical_id for one in what.contents if one.resource.logical_id == ARTIFACT_BUCKET)
    driver = StackDriver(cloud, clock=clock, say=lambda text: _note(journal, text))
    return driver.delete(what.stack_id, on_event=tell, buckets=buckets, unprotect=unprotect)


def _note(journal: Journal, text: str) -> None:
    journal.record(STAGE, STEP, EventKind.NOTE, text)
