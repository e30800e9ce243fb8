"""Deleting a stack: what goes is known first, what is left is known afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hivemind.deploy import guards
from hivemind.deploy.calls import StackCalls, StackResource, StackView, new_token
from hivemind.deploy.diagnosis import first_failure
from hivemind.deploy.final_snapshots import FinalSnapshot, Say, left_by
from hivemind.deploy.holders import held_by
from hivemind.deploy.manual_removal import instructions
from hivemind.deploy.polling import Poll
from hivemind.deploy.watch import Watched, Watcher
from hivemind.plan.holdings import holds_data
from hivemind.template.names import ARTIFACT_BUCKET
from hivemind.text.redact import redact
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud
from hivemind.values.errors import Refused, Stage, StageError

PAUSES = (0.0, 30.0)
"""Seconds on AWS before each further try to delete a stack: network interfaces of a load balancer, for one, go a while
after it."""
KEPT_POLICIES = frozenset({"Retain", "RetainExceptOnCreate"})


def silent(_: str) -> None:
    """The `say` of a caller that does not listen."""


@dataclass(frozen=True)
class Content:
    """A resource of a stack that is to go. policy: its DeletionPolicy. holds_data: of the user."""

    resource: StackResource
    policy: str
    holds_data: bool

    @property
    def retained(self) -> bool:
        return self.policy in KEPT_POLICIES

    @property
    def snapshotted(self) -> bool:
        return self.policy == "Snapshot"

    @property
    def kept(self) -> bool:
        """Whether its data outlive it."""
        return self.retained or self.snapshotted


@dataclass(frozen=True)
class Deletion:
    """What a deletion came to. existed: whether there was a stack. left: resources that still stand, kept by
    policy or because they could not be deleted. snapshots: what databases and caches left. by_hand: how to remove
    those that could not be deleted; empty where there are none."""

    stack_id: str | None
    existed: bool = True
    left: tuple[StackResource, ...] = ()
    snapshots: tuple[FinalSnapshot, ...] = ()
    by_hand: str = ""


def contents(calls: StackCalls, stack_id: str) -> tuple[Content, ...]:
    """What is in a stack now, with what its template says should become of it."""
    definitions = calls.template(stack_id).get("Resources", {})
    return tuple(
        Content(
            resource,
            definitions.get(resource.logical_id, {}).get("DeletionPolicy", "Delete"),
            holds_data(resource.logical_id, resource.type, definitions.get(resource.logical_id)),
        )
        for resource in calls.resources(stack_id)
        if resource.exists
    )


def delete(
    cloud: Cloud,
    calls: StackCalls,
    stack: str,
    watcher: Watcher,
    *,
    buckets: tuple[str, ...] = (),
    unprotect: bool = False,
    say: Say = silent,
    stage: Stage = Stage.CLEANUP,
) -> Deletion:
    """As `StackDriver.delete`."""
    view = calls.describe(stack)
    if view is None:
        return Deletion(None, existed=False)
    if view.protected:
        _lift_protection(calls, view, allowed=unprotect)
    under_way = view.status == "DELETE_IN_PROGRESS"
    if view.moving and not under_way:
        say(f"{view.name} is in {view.status}: waiting before deleting it")
        watcher.follow(view.id, None, _seen(calls, view.id))
    held = contents(calls, view.id)
    if unprotect:
        guards.lift(cloud, [item.resource for item in held if not item.retained])
    for bucket in buckets:
        empty_bucket(cloud, bucket)
    watched = watcher.follow(view.id, None, _seen(calls, view.id)) if under_way else _run(calls, view.id, watcher)
    if watched.status == "DELETE_FAILED":
        watched = _harder(cloud, view, watcher, watched, say)
    if watched.status != "DELETE_COMPLETE":
        raise _failure(cloud, calls, view, watched, stage)
    final = [item.resource for item in held if item.snapshotted]
    kept = _left(calls, view.id, held, watched)
    wanted = {item.resource.logical_id for item in held if item.retained}
    stuck = [resource for resource in kept if resource.logical_id not in wanted]
    by_hand = instructions(stuck, None, cloud.region, local=cloud.name == "local") if stuck else ""
    left = (*kept, *_logs_left(cloud, held, say))
    return Deletion(view.id, left=left, snapshots=left_by(cloud, final, say), by_hand=by_hand)


def _lift_protection(calls: StackCalls, view: StackView, *, allowed: bool) -> None:
    if not allowed:
        raise Refused(
            f"the stack {view.name} is protected against deletion",
            hint="Remove the protection and delete it: `hivemind destroy --unprotect`.",
        )
    calls.protect(view.id, on=False)


def _run(calls: StackCalls, stack_id: str, watcher: Watcher, **arguments: Any) -> Watched:
    seen = _seen(calls, stack_id)
    token = new_token()
    calls.delete(stack_id, token, **arguments)
    return watcher.follow(stack_id, token, seen)


def _seen(calls: StackCalls, stack_id: str) -> set[str]:
    """The newest event: reading stops there, so that what is older is no news."""
    newest = calls.newest_event(stack_id)
    return {newest.id} if newest else set()


def _harder(cloud: Cloud, view: StackView, watcher: Watcher, watched: Watched, say: Say) -> Watched:
    """After DELETE_FAILED: once more, and once more after a while, for what held a resource is often gone by then;
    without what failed; by force."""
    calls = watcher.calls
    for pause in PAUSES:
        again = [resource for resource in calls.resources(view.id) if resource.status == "DELETE_FAILED"]
        say(f"{view.name} could not delete {', '.join(map(str, again)) or 'everything'}: trying once more")
        _pause(watcher, pause)
        watched = _run(calls, view.id, watcher)
        if watched.status != "DELETE_FAILED":
            return watched
    failed = [resource for resource in calls.resources(view.id) if resource.status == "DELETE_FAILED"]
    if failed:
        say(f"{view.name} still has {'; '.join(held_by(cloud, one) for one in failed)}: deleting the rest")
        watched = _run(calls, view.id, watcher, RetainResources=[resource.logical_id for resource in failed])
    if watched.status == "DELETE_FAILED" and calls.can_force():
        say(f"{view.name} still exists: deleting it by force")
        watched = _run(calls, view.id, watcher, DeletionMode="FORCE_DELETE_STACK")
    return watched


def own_buckets(held: tuple[Content, ...]) -> tuple[str, ...]:
    """Names of our own artifact buckets, which hold nothing that cannot be built again."""
    return tuple(item.resource.physical_id for item in held if item.resource.logical_id == ARTIFACT_BUCKET)


def _pause(watcher: Watcher, seconds: float) -> None:
    """Waits, seconds as on AWS. Raises StepCancelled when the run is being ended."""
    if seconds:
        deadline = seconds / watcher.pace
        for _ in Poll(watcher.clock, pace=watcher.pace, deadline=deadline, cancelled=watcher.cancelled).tries():
            pass


def _failure(cloud: Cloud, calls: StackCalls, view: StackView, watched: Watched, stage: Stage) -> StageError:
    cause = first_failure(watched.events)
    left = [resource for resource in calls.resources(view.id) if resource.exists]
    reason = [redact(cause.reason)] if cause and cause.reason else []
    stuck = [held_by(cloud, one) for one in left if one.status == "DELETE_FAILED"]
    again = f"hivemind {'rollback' if stage is Stage.ROLLBACK else 'destroy'}"
    return StageError(
        stage,
        f"could not delete the stack {view.name}; it is in {watched.status}",
        subject=cause.logical_id if cause else None,
        lines=[*reason, *stuck],
        hint=instructions(left, view.id, cloud.region, local=cloud.name == "local", again=again),
        left=", ".join(map(str, left)) or "the empty stack",
    )


def _left(
    calls: StackCalls, stack_id: str, held: tuple[Content, ...], watched: Watched
) -> tuple[StackResource, ...]:  # fmt: skip
    """What a deleted stack left, by the events of its deletion and by its list, which CloudFormation keeps for 90 days
    and the local cloud does not."""
    left = {item.resource.logical_id: item.resource for item in held if item.retained}
    last = {event.logical_id: event for event in watched.events if not event.is_stack}
    told = [
        StackResource(one.logical_id, one.physical_id, one.type, one.status, one.reason) for one in last.values()
    ]  # fmt: skip
    with contextlib.suppress(CloudCallFailed):
        told += calls.resources(stack_id)
    for resource in told:
        if resource.status in {"DELETE_FAILED", "DELETE_SKIPPED"} and resource.physical_id:
            left.setdefault(resource.logical_id, resource)
    return tuple(left[name] for name in sorted(left))


def _logs_left(cloud: Cloud, held: tuple[Content, ...], say: Say) -> Iterator[StackResource]:
    """Log groups that RDS made for databases of a deleted stack: they are of no stack, and stay."""
    for item in held:
        if item.resource.type != "AWS::RDS::DBInstance":
            continue
        prefix = f"/aws/rds/instance/{item.resource.physical_id}/"
        try:
            groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        except CloudCallFailed as error:
            say(f"could not look up the log groups of {item.resource.physical_id}: {error.detail}")
            continue
        for group in groups:
            yield StackResource(item.resource.logical_id, group["logGroupName"], "AWS::Logs::LogGroup", "RETAINED", "")


def empty_bucket(cloud: Cloud, bucket: str) -> int:
    """Deletes every object and version in one of our own buckets; returns how many. A bucket that is gone is empty."""
    s3 = cloud.client("s3")
    deleted = 0
    try:
        while True:
            page = s3.list_object_versions(Bucket=bucket, MaxKeys=1000)
            entries = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            if not entries:
                return deleted
            objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise CloudCallFailed(
                    first.get("Code", ""), "DeleteObjects", f"{first.get('Key')}: {first.get('Message')}"
                )
            deleted += len(objects)
    except CloudCallFailed as error:
        if error.code in {"NoSuchBucket", "404"}:
            return deleted
        raise
