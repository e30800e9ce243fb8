"""Compiler's steps: builds, and the build instances that some of them take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from hivemind.agents.compiler.remote.instances import GONE, BuildInstances, is_remote
from hivemind.blueprint.model import Service
from hivemind.builds.here import Here
from hivemind.builds.programs import OUTPUT
from hivemind.deploy.build_stack import remove, what_is_left
from hivemind.plugins.patience import WAITING
from hivemind.steps import milestones
from hivemind.steps.run import Apply, Destroy
from hivemind.steps.step import Failure, Step
from hivemind.values.artifact import Artifact
from hivemind.values.errors import HiveMindError, Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.place import BuildPlace
    from hivemind.steps.step import Context
    from hivemind.values.hooks import Hooks


def steps(run: Apply | Destroy) -> Iterator[Step]:
    """Of an apply: a build of each service that gets a release, on this machine or on an instance. Of any run: what an
    earlier one left of its build instances is deleted."""
    if isinstance(run, Destroy):
        if run.left:
            yield _removal(run, run.left, run.stage)
        return
    services = tuple(service for service, _ in run.releasing())
    remote = tuple(service for service in services if is_remote(run, service))
    instances = BuildInstances(run, remote) if remote else None
    if instances is not None:
        yield from instances.steps()
    elif run.left:
        yield _removal(run, run.left, Stage.BUILD)
    for service in services:
        yield _build_step(run, service, instances if service in remote else None)


def _build_step(run: Apply, service: Service, instances: BuildInstances | None) -> Step:
    return Step(
        milestones.build(service.name),
        Stage.BUILD,
        lambda context: _build(run, instances, service, context),
        needs=() if instances is None else (instances.event(service),),
        message=service.name,
        outcome=_words,
    )


def _build(run: Apply, instances: BuildInstances | None, service: Service, context: Context) -> Artifact:
    """instances: where it is built on one; None where it is built on this machine."""
    telling, waiting = OUTPUT.set(context.progress), WAITING.set(context.note)
    try:
        with _place(run, instances, service, context) as place:
            answer = context.deployment.hooks.first(
                "hivemind_build", service=service, repository=run.repository, place=place
            )
    except HiveMindError as error:
        context.check()  # a build that ends since the run does is no failure of the plugin
        if isinstance(error, StageError):
            error.path = error.path or f"services.{service.name}"
        raise
    finally:
        OUTPUT.reset(telling)
        WAITING.reset(waiting)
    if answer is None:
        raise _unknown(service, context.deployment.hooks)
    _refuse_unnamed(answer.plugin, service, run, context.deployment.hooks)
    artifact: Artifact = answer.result
    return _noted(artifact, context)


def _place(
    run: Apply, instances: BuildInstances | None, service: Service, context: Context
) -> AbstractContextManager[BuildPlace]:
    if instances is not None:
        return instances.place(service, context)
    deployment = context.deployment
    platform = deployment.cloud.platform(service.os, service.size)
    return nullcontext(Here(platform, deployment.artifacts, run.sources[service.name].builders))


def _unknown(service: Service, hooks: Hooks) -> StageError:
    known = sorted({word for one in hooks.collect("hivemind_runtimes") for word in one.result})
    return StageError(
        Stage.BUILD,
        f"no plugin builds the runtime {service.runtime} of services.{service.name}"
        if service.runtime
        else f"services.{service.name} has no runtime: the blueprint names none, and HiveMind recognizes none",
        subject=service.name,
        hint=f"Known runtimes: {', '.join(known)}. For others, install a plugin that builds them.",
        path=f"services.{service.name}.runtime",
    )


def _refuse_unnamed(plugin: str, service: Service, run: Apply, hooks: Hooks) -> None:
    """Raises StageError(BUILD) where a plugin built what it does not name: its change would not build it anew."""
    described = hooks.described()
    if plugin in described and plugin not in run.sources[service.name].builders:
        raise StageError(
            Stage.BUILD,
            f'plugin "{plugin}" ({described[plugin]}) built the runtime {service.runtime} of services.{service.name}, '
            "which is missing from its hivemind_runtimes",
            subject=service.name,
            hint=f"Add {service.language or 'the runtime'} to its hivemind_runtimes, or remove that hook.",
            path=f"services.{service.name}.runtime",
        )


def _noted(artifact: Artifact, context: Context) -> Artifact:
    for notice in artifact.notices:
        context.note(f"{artifact.service}: {notice}")
    return artifact


def _words(artifact: Artifact) -> str:
    megabytes = artifact.total / 1_000_000
    size = f"{megabytes:.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"
    if artifact.reused:
        return f"{artifact.service}  {size}, already built"
    note = " (dependencies reused)" if artifact.dependencies_reused else ""
    return f"{artifact.service}  {size} in {artifact.seconds:.1f} s{note}"


def _removal(run: Apply | Destroy, name: str, stage: Stage) -> Step:
    """Deletes the build stack that an earlier run left."""

    def take_away(context: Context) -> None:
        deployment = context.deployment
        try:
            remove(
                deployment.cloud,
                name,
                deployment.id,
                context.note,
                clock=deployment.clock,
                cancelled=lambda: context.cancelled,
            )
        except HiveMindError as error:
            context.note(what_is_left(name, error))
            raise
        deployment.store.update(deployment.id, build_stack=None)

    failure = Failure.WARN if isinstance(run, Apply) else Failure.STOP
    return Step(
        GONE, stage, take_away, failure=failure, message=f"{name}, left by an earlier run", outcome=lambda _: name
    )
