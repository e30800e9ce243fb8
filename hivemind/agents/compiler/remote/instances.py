"""Build instances of an apply: their stack is made where something is built on them, and is gone afterwards.

One stack a deployment, with one instance for each service: builds don't see each other, run side by side, and whatever
is left of a run that was cut off has one name. The name is in the state before the stack is begun, and until it is
known to be gone; the stack's tag says whose it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hivemind.agents.compiler.remote.building import There
from hivemind.blueprint.model import Service
from hivemind.deploy.build_stack import assembly, refuse_others, remove, what_is_left
from hivemind.deploy.calls import StackCalls, new_token
from hivemind.deploy.parameters import parameters
from hivemind.deploy.stack import StackDriver, StackRequest
from hivemind.hosts.connecting import connect, login_name
from hivemind.plan.model import Basis, Snapshot
from hivemind.steps import milestones
from hivemind.steps.step import End, Failure, Step
from hivemind.template.names import BUILDS_TAG, build_instance, build_stack
from hivemind.values.clock import polls
from hivemind.values.errors import HiveMindError, Stage, StageError, StepCancelled

if TYPE_CHECKING:
    from hivemind.builds.place import BuildPlace
    from hivemind.deploy.events import StackEvent
    from hivemind.hosts.ssh import Host
    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context

INSTANCES, GONE = "instances", "instances gone"
SSH_DEADLINE = 600.0
"""Seconds for a build instance to boot and to tell its host key: without a role, its console alone does."""
BEGINNING_SECONDS = 20.0
"""For a stack that is being made to be seen, so that it can be deleted."""


class BuildInstances:
    """The build instances of one run. services: those that are built on one each."""

    def __init__(self, run: Apply, services: tuple[Service, ...]) -> None:
        self._run = run
        self._services = services
        self._gone = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self.name = build_stack(run.blueprint.stack_name)

    def event(self, service: Service) -> str:
        """The milestone that the instance which builds a service exists; its value is the EC2 id."""
        return f"build instance {service.name}"

    def steps(self) -> tuple[Step, ...]:
        """The step that makes the stack, and the one that deletes it as soon as everything is built, beside the steps
        and checks that need not wait for it. Where the run ends before that, the first step's end sees to it."""
        made = Step(
            INSTANCES,
            Stage.BUILD,
            self._open,
            provides=tuple(self.event(service) for service in self._services),
            message=f"for the build of {', '.join(service.name for service in self._services)}",
            outcome=lambda _: self.name,
            at_end=self._at_end,
        )
        removed = Step(
            GONE,
            Stage.BUILD,
            self._remove,
            needs=(INSTANCES, *(milestones.build(service.name) for service in self._services)),
            failure=Failure.WARN,
            message=self.name,
            outcome=lambda _: f"{self.name}  deleted",
        )
        return made, removed

    @contextmanager
    def place(self, service: Service, context: Context) -> Iterator[BuildPlace]:
        """The instance of one of the services, to build it on.

        Raises StageError(BUILD) for an instance that can't be reached.
        """
        deployment = context.deployment
        host = self._host(service, context)
        platform = deployment.cloud.platform(service.os, service.size)
        builders = self._run.sources[service.name].builders
        try:
            yield There(
                host,
                service.build_on or service.size,
                platform,
                deployment.artifacts,
                lambda text: self._tell(context, text),
                builders,
            )
        finally:
            host.close()

    @staticmethod
    def _tell(context: Context, text: str) -> None:
        context.check()  # a build that talks ends as soon as the run does
        context.progress(text)

    def _host(self, service: Service, context: Context) -> Host:
        deployment = context.deployment
        try:
            host = connect(
                deployment.cloud,
                context[self.event(service)],
                key=deployment.key.private,
                user=login_name(service.os),
                known={},
                deadline=SSH_DEADLINE,
                clock=deployment.clock,
                on_wait=context.progress,
                futile=lambda: context.futile,
            )
        except StageError as error:
            raise StageError(
                Stage.BUILD,
                f"{service.name}: the build instance {error.message}",
                subject=service.name,
                lines=error.lines,
                hint=error.hint
                or "HiveMind reaches it like other instances: through `network.ssh_from`, or the endpoint.",
            ) from error
        context.closing(host.close)  # a run that is interrupted does not wait for the build to end
        return host

    def _open(self, context: Context) -> None:
        self._idle.clear()
        try:
            self._make(context)
        finally:
            self._idle.set()

    def _make(self, context: Context) -> None:
        deployment = context.deployment

        def cancelled() -> bool:
            return context.cancelled

        remove(deployment.cloud, self.name, deployment.id, context.note, clock=deployment.clock, cancelled=cancelled)
        deployment.store.update(deployment.id, build_stack=self.name)
        made = assembly(self._run.blueprint, self._services, deployment.hooks)
        total, done = len(made.resources), set()
        events = {build_instance(service.name): self.event(service) for service in self._services}

        def tell(event: StackEvent) -> None:
            if event.status == "CREATE_COMPLETE" and not event.is_stack:
                done.add(event.logical_id)
                context.progress(f"{len(done)} of {total} resources")

        def ready(logical_id: str, physical_id: str, _: str) -> None:
            if logical_id in events:
                context.fulfil(events[logical_id], physical_id)

        request = StackRequest(
            stack_name=self.name,
            body=made.text,
            parameters=parameters(
                deployment.cloud,
                made,
                Snapshot(Basis.NONE),
                revision=self._run.revision,
                public_key=deployment.key.public,
            ),
            tags={BUILDS_TAG: deployment.id},
            role_arn=self._run.blueprint.role_arn,
            owners=made.owners,
        )
        context.check()
        driver = StackDriver(deployment.cloud, clock=deployment.clock, say=context.note, cancelled=cancelled)
        driver.apply(request, on_event=tell, resource_ready=ready)

    def _remove(self, context: Context) -> None:
        deployment = context.deployment
        try:
            remove(
                deployment.cloud,
                self.name,
                deployment.id,
                context.note,
                clock=deployment.clock,
                cancelled=lambda: context.cancelled,
            )
        except HiveMindError as error:
            context.note(what_is_left(self.name, error))
            raise
        self._forget(context)

    def _at_end(self, context: Context, end: End) -> None:
        """Of a run that ended before everything was built: waits for the deletion, or only begins it where a person
        does not want to wait. The next run makes sure. What stands in the way is said, not raised."""
        if self._gone.is_set() or end is End.DONE:  # then the other step has done it, or said why not
            return
        try:
            context.deployment.held()
            if end is End.INTERRUPTED:
                # One that is still being asked for may come to be after it was looked for.
                ended = self._idle.wait(BEGINNING_SECONDS)
                if self._begin_removal(context) and ended:
                    self._forget(context)
                return
            deployment = context.deployment
            context.note(f"deleting the build stack {self.name}")
            remove(deployment.cloud, self.name, deployment.id, context.note, clock=deployment.clock)
            self._forget(context)
        except StepCancelled:
            return
        except HiveMindError as error:
            context.note(what_is_left(self.name, error))

    def _begin_removal(self, context: Context) -> bool:
        """Whether the stack is gone already."""
        deployment = context.deployment
        calls = StackCalls(deployment.cloud)
        refuse_others(deployment.cloud, self.name, deployment.id)
        for passed in polls(deployment.clock, deadline=BEGINNING_SECONDS, first=0.3):
            view = calls.describe(self.name)
            if view is None:
                return True
            if view.status == "DELETE_IN_PROGRESS":
                break
            # A stack that may be made in a moment is waited for: the emulator of the local cloud goes on creating
            # what is deleted meanwhile.
            if not view.moving or passed > BEGINNING_SECONDS / 2:
                calls.delete(view.id, new_token())
        context.note(f"deleting the build stack {self.name}; the next apply or destroy makes sure that it is deleted")
        return False

    def _forget(self, context: Context) -> None:
        self._gone.set()
        context.deployment.store.update(context.deployment.id, build_stack=None)


def is_remote(run: Apply, service: Service) -> bool:
    """Whether a service is to be built on an instance now: as planned, where the store does not have just that."""
    return any(one.service == service.name for one in run.plan.builds) and service.name not in run.plan.built
