"""Destroy: takes a deployment away, after it was listed what goes, and says what is left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hivemind.aws.snapshot import describe
from hivemind.deploy import build_stack as left_builds
from hivemind.deploy import guards, shared_key, shared_state
from hivemind.deploy.calls import StackCalls, StackResource
from hivemind.deploy.journal import Journal, new_attempt
from hivemind.deploy.removal import Content, Deletion, contents
from hivemind.deploy.shared_journal import JournalCopy
from hivemind.deploy.state import DeploymentStatus, StateStore
from hivemind.flow.clouds import lost
from hivemind.flow.collecting import collected
from hivemind.flow.diagnosing import words_of
from hivemind.steps.deployment import Deployment
from hivemind.steps.graph import Approve, StepGraph
from hivemind.steps.milestones import STACK
from hivemind.steps.run import Destroy, Goal
from hivemind.template.names import build_stack
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.errors import Refused
from hivemind.values.events import Event, EventKind

if TYPE_CHECKING:
    from hivemind.deploy.shared_place import SharedPlace
    from hivemind.plugins.loading import Plugins
    from hivemind.values.cloud import Cloud

log = logging.getLogger(__name__)

_NOTHING_DEPLOYED: Mapping[str, Any] = {
    "stack_info": None,
    "alb_dns_name": None,
    "target_group_arn": None,
    "recorded": None,
    "artifacts": {},
    "sources": {},
    "parts": {},
    "urls": {},
    "host_keys": {},
}
"""Fields of the state of a deployment that was rolled back: its history stays."""
LOGIN = "AWS::SecretsManager::Secret"


@dataclass(frozen=True)
class Leaving:
    """What a destroy takes away.

    stack_id: None where there is no stack any more. contents: of the stack. protected: whether it has termination
    protection. guarded: what has deletion protection of its own. build_stack: name of one that an apply left.
    """

    deployment_id: str
    stack_id: str | None
    contents: tuple[Content, ...]
    protected: bool = False
    guarded: tuple[StackResource, ...] = ()
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
    found = left_builds.described(cloud, building)
    left = building if found is not None and left_builds.is_of(found, deployment_id) else None
    described = describe(cloud.client("cloudformation"), stack)
    if described is None:
        return Leaving(deployment_id, None, (), build_stack=left)
    stack_id = described["StackId"]
    protected = bool(described.get("EnableTerminationProtection"))
    held = contents(StackCalls(cloud), stack_id)
    guarded = guards.guarded(cloud, [one.resource for one in held if not one.retained])
    return Leaving(deployment_id, stack_id, held, protected, guarded, left)


def destroy(
    cloud: Cloud,
    store: StateStore,
    what: Leaving,
    plugins: Plugins,
    *,
    keep_snapshots: bool,
    unprotect: bool,
    listener: Callable[[Event], None],
    approve: Approve = lambda _: None,
    held: Callable[[], None] = lambda: None,
    goal: Goal = Goal.DESTROY,
    place: SharedPlace | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Deletion:
    """Carries out the steps that plugins contribute. The caller holds the lease.

    A destroyed deployment is forgotten; one that is rolled back keeps its history, without what was deployed.

    keep_snapshots: whether final snapshots of databases and caches stay. unprotect: take all protection off.
    approve: asks a person for the approval that a step wants. held: raises when the lease is lost. place: where other
    machines find what becomes of it, None where that goes with the stack. Raises Refused for a
    protected stack; StageError where something could not be deleted: then the state stays, so that destroy can be
    called again.
    """
    if (what.protected or what.guarded) and not unprotect:  # before the first target is drained
        whose = [f"{what.deployment_id} has termination protection"] if what.protected else []
        whose += [f"{one} has deletion protection" for one in what.guarded]
        raise Refused(
            f"{'; '.join(whose)}. Nothing was changed.",
            hint=f"To turn the protection off first: `hivemind {goal} --unprotect`",
        )
    run = Destroy(
        deployment_id=what.deployment_id,
        cloud=cloud.name,
        region=cloud.region,
        goal=goal,
        stack_id=what.stack_id,
        contents=what.contents,
        keep_snapshots=keep_snapshots,
        unprotect=unprotect,
        left=what.build_stack,
    )
    steps = collected(run, plugins).steps
    deployment = Deployment(id=run.deployment_id, cloud=cloud, store=store, hooks=plugins, held=held, clock=clock)
    with (
        JournalCopy(place, say=log.warning) as copy,
        Journal(
            deployment.folder, run.deployment_id, new_attempt(clock), listeners=(copy, listener), clock=clock
        ) as journal,
    ):
        journal.record(run.stage, goal, EventKind.STARTED, run.deployment_id)
        began = clock.monotonic()
        if store.find(run.deployment_id) is not None:
            store.update(run.deployment_id, status=DeploymentStatus.DESTROYING)
        try:
            results = StepGraph(steps, journal, deployment, approve=approve).run()
        except BaseException as error:
            if isinstance(error, Exception) and (gone := lost(cloud)) is not None:
                journal.record(run.stage, goal, EventKind.FAILED, gone.message)
                raise gone from error
            journal.record(run.stage, goal, EventKind.FAILED, words_of(error))
            if store.find(run.deployment_id) is not None:
                store.update(run.deployment_id, status=DeploymentStatus.FAILED)
            shared_state.push(place, store, run.deployment_id, log.warning)
            raise
        seconds = round(clock.monotonic() - began, 3)
        journal.record(run.stage, goal, EventKind.FINISHED, "stack deleted", {"seconds": seconds})
    if store.find(run.deployment_id) is not None:
        status = DeploymentStatus.ROLLED_BACK if goal is Goal.ROLLBACK else DeploymentStatus.DESTROYED
        store.update(run.deployment_id, status=status, build_stack=None, **_NOTHING_DEPLOYED)
        shared_state.push(place, store, run.deployment_id, log.warning)
    if goal is Goal.DESTROY:
        shared_key.forget(cloud, run.deployment_id, say=log.warning)
        store.delete(run.deployment_id)
    deletion: Deletion = results.get(STACK) or Deletion(None, existed=False)
    return deletion
