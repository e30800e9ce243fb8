"""The stack driver: brings a stack to what a template says, or deletes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hivemind.deploy import changeset, large, removal
from hivemind.deploy.calls import BEGINS, StackCalls, StackView, new_token
from hivemind.deploy.cancelling import cancel
from hivemind.deploy.dead import Dead
from hivemind.deploy.diagnosis import diagnose
from hivemind.deploy.failure import closed, left_behind, stack_failure
from hivemind.deploy.final_snapshots import Say
from hivemind.deploy.polling import Cancelled, never
from hivemind.deploy.recovering import recover
from hivemind.deploy.removal import Deletion
from hivemind.deploy.stack_policy import guarding, policy_body
from hivemind.deploy.watch import DEADLINE, OnEvent, Ready, Watched, Watcher
from hivemind.plan.model import Plan
from hivemind.template.fragment import Owner
from hivemind.text.redact import redact
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.cloud import Cloud
from hivemind.values.errors import Canceled, Refused, Stage, StageError
from hivemind.values.stack_statuses import Rest, is_ready, rest_of, stack_status

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class StackRequest:
    """What a stack is to be.

    body: the template as JSON text. bucket: logical id of the bucket in it that a body goes through which is too large
    for a call. capabilities: that the template needs. role_arn: of the role that CloudFormation works as, None for the
    stack's own or the caller's rights. guarded: logical ids that a stack policy keeps from being replaced or deleted;
    None for no policy. owners: of the assembly, to trace failures. protected: termination protection, on from the first
    moment. plan: what was reviewed; an update that would replace or delete more is refused. whole: whether this
    is all of what it says. may_lose:
    logical ids of data in a failed stack that may be deleted with it. skip_rollback: logical ids that a rollback,
    which failed before, leaves as they are. deadline: seconds.
    """

    stack_name: str
    body: str
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    tags: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    capabilities: tuple[str, ...] = ()
    role_arn: str | None = None
    guarded: frozenset[str] | None = None
    owners: Mapping[str, Owner] = field(default_factory=lambda: EMPTY)
    protected: bool = False
    plan: Plan | None = None
    whole: bool = False
    may_lose: frozenset[str] = frozenset()
    skip_rollback: frozenset[str] = frozenset()
    bucket: str = ""
    deadline: float = DEADLINE

    def arguments(self, source: Mapping[str, str]) -> dict[str, Any]:
        """The part of the call that creations and change sets share. source: `TemplateBody` or `TemplateURL`."""
        role = {"RoleARN": self.role_arn} if self.role_arn else {}
        return {
            **source,
            **role,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(self.parameters.items())
            ],
            "Capabilities": list(self.capabilities),
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
        }


@dataclass(frozen=True)
class StackResult:
    """What stands. changed: whether anything was done. physical_ids, seconds: by logical id; seconds only of
    what was created or updated now."""

    stack_id: str
    status: str
    changed: bool
    outputs: Mapping[str, str]
    physical_ids: Mapping[str, str]
    seconds: Mapping[str, float]


class StackDriver:
    """Applies and deletes stacks of one cloud. say: told one line for people when something unusual is done.

    A creation uses CreateStack, not a change set of type CREATE: the latter leaves a stack in
    REVIEW_IN_PROGRESS behind whenever it fails or the program dies in between, and there is nothing to
    compare it with, since everything is new. An update goes through a change set, whose replacements
    are compared with the reviewed plan before it is executed.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        clock: Clock = SYSTEM_CLOCK,
        say: Say = removal.silent,
        cancelled: Cancelled = never,
    ) -> None:
        self._cloud = cloud
        self._calls = StackCalls(cloud)
        self._clock = clock
        self._say = say
        self._cancelled = cancelled
        self._begun: str | None = None
        self._canceling: set[str] = set()

    @property
    def is_under_way(self) -> bool:
        """Whether `apply` has begun an operation that has not ended, and was not canceled."""
        return self._begun is not None and not self._canceling

    def cancel(self) -> str:
        """Takes back what `apply`, on another thread, has begun; that then raises Canceled when the stack is at rest.
        Returns what happens now, a sentence. Raises Refused where nothing can be taken back, CloudCallFailed."""
        view = self._calls.describe(self._begun) if self._begun else None
        if view is None:
            raise Refused("nothing is under way in the stack")
        token = new_token()
        self._canceling.add(token)
        try:
            return cancel(self._calls, view, token)
        except BaseException:
            self._canceling.discard(token)
            raise

    def apply(
        self, request: StackRequest, *, on_event: OnEvent = lambda _: None, resource_ready: Ready = lambda *_: None
    ) -> StackResult:
        """Brings the stack to what the request says and waits until it rests.

        on_event: told every event of this attempt, in order, each once. resource_ready: told (logical id,
        physical id, type) of each resource as soon as it stands, once each; unchanged ones too.
        Raises StageError, PlanChanged, Refused; StepCancelled when the run is being ended.
        """
        if large.is_large(request.body):
            large.seed(request.body, request.bucket)  # what can't be passed is refused before anything is deleted
        told = _Once(resource_ready)
        watcher = self._watcher(on_event, told, request.deadline)
        with _refusals():
            return self._apply(request, watcher, told)

    def settle(
        self,
        stack: str,
        *,
        owners: Mapping[str, Owner] = EMPTY,
        on_event: OnEvent = lambda _: None,
        deadline: float = DEADLINE,
    ) -> StackView | None:
        """Waits until nothing moves in a stack and returns it; None where there is none. To be called before the
        Snapshot is read, so that a plan is never compared with a stack that an interrupted run still moves.

        Raises StageError when what the interrupted run had begun fails.
        """
        with _refusals():
            return self._at_rest(stack, owners, self._watcher(on_event, lambda *_: None, deadline))

    def _apply(self, request: StackRequest, watcher: Watcher, told: _Once) -> StackResult:
        view = self._at_rest(request.stack_name, request.owners, watcher)
        if view is not None and rest_of(view.status) is Rest.DEAD:
            self._dead(request, watcher).clear(view)
            view = None
        if view is None:
            return self._create(request, watcher, told)
        if rest_of(view.status) in (Rest.UPDATE_FAILED, Rest.ROLLBACK_FAILED):
            recover(self._calls, view, watcher, skip=request.skip_rollback, owners=request.owners, say=self._say)
        elif not is_ready(view.status):
            raise closed(self._calls, view)
        return self._update(view, request, watcher, told)

    def delete(
        self,
        stack: str,
        *,
        on_event: OnEvent = lambda _: None,
        buckets: tuple[str, ...] = (),
        unprotect: bool = False,
        deadline: float = DEADLINE,
        stage: Stage = Stage.CLEANUP,
    ) -> Deletion:
        """Deletes a stack (name or id) and says what is left.

        buckets: names of our own artifact buckets in it, emptied first. unprotect: take termination
        protection and deletion protection off, when the user said so. stage: the one that the deletion belongs to,
        cleanup or rollback. Raises Refused for a protected stack, StageError of that stage where it could not be
        deleted even by force.
        """
        watcher = self._watcher(on_event, lambda *_: None, deadline)
        return removal.delete(
            self._cloud, self._calls, stack, watcher, buckets=buckets, unprotect=unprotect, say=self._say, stage=stage
        )

    def contents(self, stack: str) -> tuple[removal.Content, ...]:
        """What is in a stack (name or id) now, and what becomes of each resource when it is deleted; empty where
        there is no stack."""
        view = self._calls.describe(stack)
        return removal.contents(self._calls, view.id) if view else ()

    def _dead(self, request: StackRequest, watcher: Watcher) -> Dead:
        return Dead(self._cloud, self._calls, request.owners, request.may_lose, watcher, self._say)

    def _watcher(self, on_event: OnEvent, ready: Ready, deadline: float) -> Watcher:
        return Watcher(
            self._calls, self._clock, self._cloud.pace, on_event, ready, self._cancelled, deadline, self._canceling
        )

    def _at_rest(self, stack: str, owners: Mapping[str, Owner], watcher: Watcher) -> StackView | None:
        """The stack once nothing moves in it: an interrupted run's operation is followed to its end first."""
        view = self._calls.describe(stack)
        if view is None or not view.moving:
            return view
        newest = self._calls.newest_event(view.id)
        token = newest.token if newest else None
        ours = token is not None and token.startswith(BEGINS)
        whose = "from an earlier run" if ours else "because someone else is changing it, not HiveMind"
        self._say(f"{view.name} is in {view.status} {whose}: waiting for it")
        # Everything of that operation is shown, also what happened before this run looked.
        watched = watcher.follow(view.id, token, _others(self._calls, view.id, token))
        if stack_status(watched.status).is_failure:
            raise stack_failure(self._calls, view.id, watched.status, watched.events, owners)
        return self._calls.describe(stack)

    def _create(self, request: StackRequest, watcher: Watcher, told: _Once) -> StackResult:
        whole = not large.is_large(request.body)
        body = request.body if whole else large.seed(request.body, request.bucket)
        token = new_token()
        policy = {"StackPolicyBody": policy_body(request.guarded)} if request.guarded is not None and whole else {}
        stack_id = self._calls.create(
            token,
            StackName=request.stack_name,
            OnFailure="ROLLBACK",
            EnableTerminationProtection=request.protected,
            **policy,
            **request.arguments({"TemplateBody": body}),
        )
        watched = self._followed(watcher, stack_id, token, set())
        if watched.status == "ROLLBACK_FAILED" and not self._canceling:
            raise self._dead(request, watcher).taken_back(stack_id, watched)
        created = self._finish(stack_id, watched, request, told)
        view = None if whole else self._calls.describe(stack_id)
        return created if view is None else self._update(view, request, watcher, told)

    def _update(self, view: StackView, request: StackRequest, watcher: Watcher, told: _Once) -> StackResult:
        if request.protected and not view.protected:
            self._calls.protect(view.id, on=True)
        token = new_token()
        with self._source(view, request) as source:
            prepared = changeset.prepare(
                self._calls,
                view.id,
                token,
                request.arguments(source),
                owners=request.owners,
                clock=self._clock,
                pace=self._cloud.pace,
                cancelled=self._cancelled,
            )
        if prepared is None:
            return self._result(view.id, told, changed=False, seconds=EMPTY)
        if request.plan is not None:
            changeset.refuse_surprises(self._calls, prepared, request.plan)
            if request.whole and (milder := changeset.less_than_planned(prepared.changes, request.plan)):
                self._say(f"CloudFormation does less than the plan says: {'; '.join(milder)}")
        touched = {change.logical_id for change in prepared.changes}
        for resource in self._calls.resources(view.id):
            if resource.logical_id not in touched and resource.exists:
                told(resource.logical_id, resource.physical_id, resource.type)
        newest = self._calls.newest_event(view.id)
        with self._guarding(view, request):
            self._calls.execute(prepared.id, token)
            watched = self._followed(watcher, view.id, token, {newest.id} if newest else set())
        return self._finish(view.id, watched, request, told)

    def _guarding(self, view: StackView, request: StackRequest) -> AbstractContextManager[None]:
        """Around the update: a stack policy that lets through what the reviewed plan replaces and deletes."""
        if request.guarded is None:
            return nullcontext()
        changes = request.plan.losing_data if request.plan is not None else ()
        agreed = frozenset(change.logical_id for change in changes)
        return guarding(self._calls, view.id, request.guarded, agreed, self._say)

    @contextmanager
    def _source(self, view: StackView, request: StackRequest) -> Iterator[dict[str, str]]:
        """Where a change set has its template from, for as long as it is made."""
        if not large.is_large(request.body):
            yield {"TemplateBody": request.body}
            return
        with large.uploaded(self._cloud, self._calls, view.id, request.bucket, request.body) as url:
            yield {"TemplateURL": url}

    def _followed(self, watcher: Watcher, stack_id: str, token: str, seen: set[str]) -> Watched:
        """Follows an operation of our own, which can be canceled meanwhile."""
        self._begun = stack_id
        try:
            return watcher.follow(stack_id, token, seen)
        finally:
            self._begun = None

    def _finish(self, stack_id: str, watched: Watched, request: StackRequest, told: _Once) -> StackResult:
        if self._canceling:
            raise Canceled(
                Stage.PROVISION,
                f"canceled; the stack is in {watched.status}",
                hint="`hivemind apply` starts again.",
                left=left_behind(self._calls, stack_id, watched.status),
            )
        if stack_status(watched.status).is_failure or not is_ready(watched.status):
            raise stack_failure(self._calls, stack_id, watched.status, watched.events, request.owners)
        return self._result(stack_id, told, changed=True, seconds=watched.seconds)

    def _result(self, stack_id: str, told: _Once, *, changed: bool, seconds: Mapping[str, float]) -> StackResult:
        view = self._calls.describe(stack_id)
        if view is None:
            raise StageError(Stage.PROVISION, "someone else deleted the stack meanwhile", left="nothing")
        existing = [resource for resource in self._calls.resources(stack_id) if resource.exists]
        for resource in existing:
            told(resource.logical_id, resource.physical_id, resource.type)
        return StackResult(
            stack_id=stack_id,
            status=view.status,
            changed=changed,
            outputs=view.outputs,
            physical_ids=MappingProxyType({resource.logical_id: resource.physical_id for resource in existing}),
            seconds=MappingProxyType(dict(seconds)),
        )


def _others(calls: StackCalls, stack_id: str, token: str | None) -> set[str]:
    """Ids of the events that do not belong to an operation; the whole history when its token is unknown."""
    return {event.id for event in calls.events(stack_id, set()) if token is None or event.token != token}


@contextmanager
def _refusals() -> Iterator[None]:
    """What CloudFormation answers to a call as a failure of the stage; unreachable clouds stay what they are."""
    try:
        yield
    except CloudCallFailed as error:
        raise StageError(
            Stage.PROVISION,
            f"CloudFormation refuses {error.operation}",
            lines=[redact(error.detail)],
            hint=error.hint or diagnose(error.operation, error.detail).remediation,
        ) from error


class _Once:
    """Tells each (logical id, physical id) once."""

    def __init__(self, ready: Ready) -> None:
        self._ready = ready
        self._told: set[tuple[str, str]] = set()

    def __call__(self, logical_id: str, physical_id: str, kind: str) -> None:
        if (logical_id, physical_id) not in self._told:
            self._told.add((logical_id, physical_id))
            self._ready(logical_id, physical_id, kind)
