"""Build instances of a run: their stack is made where something is built on them, and is gone afterwards.

One stack a deployment, with one instance for each service: builds don't see each other, run side by side, and whatever
is left of a run that was cut off has one name. The name stands in the state before the stack is begun, and until it is
known to be gone; the stack's tag says whose it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hivemind.agents.compiler.remote.building import There
from hivemind.builds.store import Store
from hivemind.deploy.calls import StackCalls, new_token
from hivemind.deploy.parameters import parameters
from hivemind.deploy.stack import StackDriver, StackRequest
from hivemind.deploy.steps import Context, Step, StepCancelled
from hivemind.flow.build_stack import assembly, refuse_others, remove, what_is_left
from hivemind.hosts.connecting import connect, login_name
from hivemind.plan.model import Basis, Snapshot
from hivemind.template.names import BUILDS_TAG, build_instance, build_stack
from hivemind.values.clock import polls
from hivemind.values.errors import HiveMindError, Refused, Stage, StageError
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.builds.place import BuildPlace
    from hivemind.deploy.events import StackEvent
    from hivemind.deploy.journal import Journal
    from hivemind.deploy.lease import Lease
    from hivemind.flow.run import Run
    from hivemind.hosts.ssh import Host

STACK, GONE = "instances", "instances gone"
SSH_DEADLINE = 600.0
"""Seconds for a build instance to boot and to tell its host key: without a role, its console alone does."""
BEGINNING_SECONDS = 20.0
"""For a step that is making the stack to end, once it was asked to."""


class Builds:
    """The build instances of one run. Its methods are called from any thread."""

    def __init__(self, run: Run, lease: Lease, journal: Journal) -> None:
        self._run = run
        self._lease = lease
        self._journal = journal
        self._hosts: list[Host] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._removing: threading.Thread | None = None
        self.name = build_stack(run.checked.blueprint.stack_name)
        self.services = tuple(service for service, _ in run.releasing() if _is_remote(run, service))
        self._waiting = {service.name for service in self.services}

    def __contains__(self, service: str) -> bool:
        return any(one.name == service for one in self.services)

    def steps(self) -> tuple[Step, ...]:
        """The step that makes the stack; none without such builds. It is taken away as soon as everything is built,
        beside the other steps and the checks, which need not wait for it."""
        if not self.services:
            return ()
        made = Step(
            STACK,
            Stage.BUILD,
            self._open,
            provides=tuple(event_of(service.name) for service in self.services),
            message=f"to build {', '.join(service.name for service in self.services)} on",
            outcome=lambda _: f"{self.name}  stands",
        )
        return (made,)

    @contextmanager
    def place(self, service: Service, context: Context) -> Iterator[BuildPlace]:
        """The instance of one of the services, to build it on; it is taken to be built when this ends well.

        Raises StageError(BUILD) for an instance that can't be reached.
        """
        run = self._run
        instance = context[event_of(service.name)]

        def tell(text: str) -> None:
            context.check()  # a build that talks ends as soon as the run does
            context.progress(text)

        try:
            host = connect(
                run.cloud,
                instance,
                key=run.key.private,
                user=login_name(service.os),
                known={},
                deadline=SSH_DEADLINE,
                clock=run.clock,
                on_wait=context.progress,
            )
        except StageError as error:
            raise StageError(
                Stage.BUILD,
                f"{service.name}: the build instance {error.message}",
                subject=service.name,
                lines=error.lines,
                hint=error.hint or "It is reached as your instances are: by `network.ssh_from`, or the endpoint.",
            ) from error
        with self._lock:
            self._hosts.append(host)
        platform = run.cloud.platform(service.os, service.size)
        try:
            size, builders = service.build_on or service.size, run.sources[service.name].builders
            yield There(host, size, platform, run.artifacts, tell, builders)
        finally:
            host.close()
        self._built(service)

    def close(self, *, interrupted: bool) -> None:
        """Takes away what is left of this run's build instances, or of an earlier one's, and waits for it.

        interrupted: who runs this does not want to wait: the deletion is begun, and the next run makes sure. What
        stands in the way is said, not raised.
        """
        if interrupted:
            self._closed.set()
        with self._lock:
            hosts, self._hosts = self._hosts, []
            removing = self._removing
        for host in hosts:
            host.close()
        self._idle.wait(BEGINNING_SECONDS)
        if removing is not None:
            removing.join(BEGINNING_SECONDS if interrupted else None)
        elif self._recorded():
            self._take_away()
        if interrupted and self._recorded():
            self._take_away(begin=True)

    def _built(self, service: Service) -> None:
        with self._lock:
            self._waiting.discard(service.name)
            if self._waiting or self._removing is not None:
                return
            self._removing = threading.Thread(target=self._take_away, name=GONE, daemon=True)
            self._removing.start()

    def _take_away(self, *, begin: bool = False) -> None:
        """begin: only begins it. Raises nothing."""
        while not self._idle.wait(1.0) and not self._closed.is_set():
            pass  # the step that makes the stack still follows it, to an end of its own
        if self._closed.is_set() and not begin:
            return
        self._journal.record(Stage.BUILD, GONE, EventKind.STARTED, self.name)
        try:
            if self._lease.lost.is_set():
                raise Refused("another run took this deployment over, and its build instances with it")
            gone = self._begin_removal() if begin else self._remove()
        except StepCancelled:
            return
        except HiveMindError as error:
            self._say(what_is_left(self.name, error))
            gone = False
        if gone:
            self._run.store.update(self._run.deployment_id, build_stack=None)
        words = "gone" if gone else "is being deleted" if begin else "is not gone"
        self._journal.record(Stage.BUILD, GONE, EventKind.FINISHED, f"{self.name}  {words}")

    def _remove(self) -> bool:
        run = self._run
        remove(run.cloud, self.name, run.deployment_id, self._say, clock=run.clock, cancelled=self._closed.is_set)
        return True

    def _begin_removal(self) -> bool:
        run = self._run
        calls = StackCalls(run.cloud)
        refuse_others(run.cloud, self.name, run.deployment_id)
        for passed in polls(run.clock, deadline=BEGINNING_SECONDS, first=0.3):
            view = calls.describe(self.name)
            if view is None:
                return True
            if view.status == "DELETE_IN_PROGRESS":
                break
            # A stack that may be made in a moment is waited for: the emulator of the local cloud goes on creating
            # what is deleted meanwhile.
            if not view.moving or passed > BEGINNING_SECONDS / 2:
                calls.delete(view.id, new_token())
        self._say(f"the build stack {self.name} is being deleted; the next apply or destroy makes sure that it is gone")
        return False

    def _say(self, text: str) -> None:
        self._journal.record(Stage.BUILD, GONE, EventKind.NOTE, text)

    def _open(self, context: Context) -> None:
        self._idle.clear()
        try:
            self._make(context)
        finally:
            self._idle.set()

    def _make(self, context: Context) -> None:
        run = self._run

        def cancelled() -> bool:
            return context.cancelled or self._closed.is_set()

        remove(run.cloud, self.name, run.deployment_id, context.note, clock=run.clock, cancelled=cancelled)
        run.store.update(run.deployment_id, build_stack=self.name)
        made = assembly(run.checked.blueprint, self.services, run.checked.plugins)
        total, done = len(made.resources), set()
        events = {build_instance(service.name): event_of(service.name) for service in self.services}

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
                run.cloud, made, Snapshot(Basis.NONE), revision=run.revision, public_key=run.key.public
            ),
            tags={BUILDS_TAG: run.deployment_id},
            capabilities=(),
            owners=made.owners,
        )
        if self._closed.is_set():
            raise StepCancelled(STACK)
        driver = StackDriver(run.cloud, clock=run.clock, say=context.note, cancelled=cancelled)
        driver.apply(request, on_event=tell, resource_ready=ready)

    def _recorded(self) -> bool:
        state = self._run.store.find(self._run.deployment_id)
        return state is not None and state.build_stack is not None


def event_of(service: str) -> str:
    """The event that the instance which builds a service stands; its value is the EC2 id."""
    return f"build instance {service}"


def _is_remote(run: Run, service: Service) -> bool:
    """Whether a service is to be built on an instance now: as planned, where the store does not have just that."""
    planned = any(one.service == service.name for one in run.plan.builds)
    return planned and Store(run.artifacts).known(run.sources[service.name].provenance.digest) is None
