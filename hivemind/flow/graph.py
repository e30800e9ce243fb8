"""The steps of an apply. Builds run beside the stack; each instance is prepared as soon as it exists.

(build stack --(instance)-->) build SERVICE -+
stack --(instance ID)--> prepare SERVICE N --+--> release SERVICE --> health path --> traffic SERVICE --> verify
  +--> upload SERVICE (needs build, too)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hivemind.agents.compiler.languages.table import LANGUAGES
from hivemind.aws.errors import translated
from hivemind.blueprint.model import Service
from hivemind.builds.here import Here
from hivemind.builds.programs import OUTPUT
from hivemind.deploy.journal import usual_seconds
from hivemind.deploy.steps import Context, Step
from hivemind.flow.build_instances import Builds, event_of
from hivemind.flow.stack_step import apply_stack, drive, expected_seconds
from hivemind.hosts import remote
from hivemind.hosts.connecting import connect, login_name
from hivemind.hosts.ssh import Host
from hivemind.plugins.patience import WAITING
from hivemind.releases.environment import install_requests
from hivemind.releases.health_path import choose_health_path
from hivemind.releases.rollout import Rollout, Watcher
from hivemind.releases.secret_values import secret_values
from hivemind.template.names import target_group
from hivemind.values.artifact import Artifact
from hivemind.values.errors import HiveMindError, Stage, StageError

if TYPE_CHECKING:
    from hivemind.builds.place import BuildPlace
    from hivemind.deploy.stack import StackResult
    from hivemind.flow.run import Node, Run

SSH_DEADLINE = 300.0
"""Seconds for an instance to boot and answer."""
HEALTH_DEADLINE = 300.0
"""Seconds for a target to become healthy on AWS; less where health checks run faster."""
LEAST_HEALTH_DEADLINE = 30.0
"""Seconds that any application gets: it starts no faster where health checks do."""

STACK, HEALTH_PATH = "stack", "health path"


def steps(run: Run, builds: Builds) -> Iterator[Step]:
    """The steps that the plan of this run needs, each with the time that it took before."""
    usual = usual_seconds(run.folder)
    for step in _steps(run, builds):
        yield replace(step, estimate=usual.get(step.name, step.estimate))


def _steps(run: Run, builds: Builds) -> Iterator[Step]:
    releasing = run.releasing()
    nodes = [node for _, nodes in releasing for node in nodes]
    yield Step(
        STACK,
        Stage.PROVISION,
        lambda context: apply_stack(run, context),
        provides=tuple(node.event for node in nodes),
        message=run.checked.blueprint.stack_name,
        outcome=lambda result: _stack_words(run, result),
        estimate=expected_seconds(run),
    )
    for service, nodes_of in releasing:
        yield from _service_steps(run, builds, service, nodes_of)
    yield from builds.steps()
    web = [service for service, _ in releasing if service.is_web]
    if web:
        needs = (STACK, *(f"release {service.name}" for service in web))
        yield Step(
            HEALTH_PATH,
            Stage.REGISTER,
            lambda context: _settle_health_paths(run, context),
            needs=needs,
            outcome=lambda asked: _health_words(web, asked),
        )


def _service_steps(run: Run, builds: Builds, service: Service, nodes: tuple[Node, ...]) -> Iterator[Step]:
    name = service.name
    remote = name in builds
    yield Step(
        f"build {name}",
        Stage.BUILD,
        lambda context: _build(run, builds if remote else None, service, context),
        needs=(event_of(name),) if remote else (),
        message=name,
        outcome=_build_words,
    )
    yield Step(
        f"upload {name}",
        Stage.DEPLOY,
        lambda context: _upload(run, context[f"build {name}"], context[STACK]),
        needs=(f"build {name}", STACK),
        message=f"{name} to the artifacts bucket",
    )
    for node in nodes:
        yield _prepare_step(run, service, node)
    hosts = tuple(f"prepare {name} {node.number}" for node in nodes)
    yield Step(
        f"release {name}",
        Stage.DEPLOY,
        lambda context: _release(run, service, context, hosts),
        needs=(f"build {name}", STACK, *hosts),
        message=f"{name} on {len(nodes)} instance{'s' if len(nodes) > 1 else ''}",
        outcome=lambda _: f"{name} on {len(nodes)} instance{'s' if len(nodes) > 1 else ''}",
    )
    if service.is_web:
        yield Step(
            f"traffic {name}",
            Stage.REGISTER,
            lambda context: _rollout_of(context, name).register(),
            needs=(f"release {name}", HEALTH_PATH),
            message=name,
            outcome=lambda healths: f"{name}  {len(healths)} of {len(healths)} healthy",
        )


def _prepare_step(run: Run, service: Service, node: Node) -> Step:
    def prepare(context: Context) -> Host:
        host = connect(
            run.cloud,
            context[node.event],
            key=run.key.private,
            user=login_name(service.os),
            known=run.known_hosts,
            deadline=SSH_DEADLINE,
            clock=run.clock,
            on_wait=context.progress,
        )
        remote.prepare(host, service.name)
        return host

    return Step(
        f"prepare {service.name} {node.number}",
        Stage.DEPLOY,
        prepare,
        needs=(node.event,),
        message=f"{service.name} {node.number}: installer and user",
    )


def _build(run: Run, builds: Builds | None, service: Service, context: Context) -> Artifact:
    """builds: where it is built on an instance."""
    telling, waiting = OUTPUT.set(context.progress), WAITING.set(context.note)
    try:
        with _place(run, builds, service, context) as place:
            answer = run.checked.plugins.first(
                "hivemind_build", service=service, repository=run.checked.repository, place=place
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
        raise StageError(
            Stage.BUILD,
            f"nothing here can build the runtime {service.runtime} of services.{service.name}"
            if service.runtime
            else f"services.{service.name} has no runtime: none is written, and none was recognised",
            subject=service.name,
            hint=f"Known: {', '.join(LANGUAGES)}; or a plugin that implements hivemind_build.",
            path=f"services.{service.name}.runtime",
        )
    return _noted(answer.result, context)


def _place(run: Run, builds: Builds | None, service: Service, context: Context) -> AbstractContextManager[BuildPlace]:
    if builds is not None:
        return builds.place(service, context)
    platform = run.cloud.platform(service.os, service.size)
    return nullcontext(Here(platform, run.artifacts, run.sources[service.name].builders))


def _noted(artifact: Artifact, context: Context) -> Artifact:
    for notice in artifact.notices:
        context.note(f"{artifact.service}: {notice}")
    return artifact


def _upload(run: Run, artifact: Artifact, stack: StackResult) -> str:
    """Keeps the artifact and its layers in the deployment's own bucket, for instances and machines to come."""
    bucket = stack.outputs["ArtifactBucketName"]
    client = run.cloud.client("s3")
    key = f"{artifact.service}/{artifact.path.name}"
    with translated():
        layers = {f"layers/{layer.path.name}": layer.path for layer in artifact.layers}
        for one, path in ({key: artifact.path} | layers).items():
            present = client.list_objects_v2(Bucket=bucket, Prefix=one, MaxKeys=1).get("KeyCount", 0)
            if not present:
                with path.open("rb") as body:
                    client.put_object(Bucket=bucket, Key=one, Body=body)
    return key


def _release(run: Run, service: Service, context: Context, prepared: tuple[str, ...]) -> tuple[Rollout, str | None]:
    stack: StackResult = context[STACK]
    artifact: Artifact = context[f"build {service.name}"]
    hosts = [context[name] for name in prepared]
    bindings = run.checked.assembly.bindings
    secrets = secret_values(run.cloud, run.checked.blueprint, bindings, stack.outputs, services=[service.name])
    request = install_requests(
        run.checked.blueprint,
        {service.name: artifact},
        bindings,
        stack.outputs,
        secrets,
        revision=run.revision,
        platforms={service.os: run.cloud.platform(service.os, service.size)},
    )[service.name]
    rollout = Rollout(
        run.cloud,
        service,
        artifact,
        request,
        hosts,
        stack.physical_ids.get(target_group(service.name)) if service.is_web else None,
        Watcher(
            on_step=lambda instance, step: context.progress(step.message, instance=instance),
            on_state=lambda health: context.progress(str(health)),
        ),
        deadline=max(LEAST_HEALTH_DEADLINE, HEALTH_DEADLINE / run.cloud.pace),
        clock=run.clock,
    )
    _forget_released(run, service)
    rollout.install()
    path = None
    if service.is_web and service.health.path is None and request.port is not None:
        path = choose_health_path(hosts[0], request.port, None)
    return rollout, path


def _forget_released(run: Run, service: Service) -> None:
    """From here on until all instances have it, nobody knows which of them runs what: a run that ends in between
    must not leave a state that says the release before is everywhere."""
    run.store.change(
        run.deployment_id,
        lambda state: replace(
            state, sources={name: digest for name, digest in state.sources.items() if name != service.name}
        ),
    )


def _rollout_of(context: Context, service: str) -> Rollout:
    rollout: Rollout = context[f"release {service}"][0]
    return rollout


def _settle_health_paths(run: Run, context: Context) -> dict[str, str]:
    """Where the template guessed a health check path that the application does not answer, mends the stack."""
    from hivemind.flow.checking import with_health_paths

    asked: dict[str, str] = {}
    for service, _ in run.releasing():
        if service.is_web:
            path = context[f"release {service.name}"][1]
            if path is not None:
                asked[service.name] = path
    if any(path != "/" for path in asked.values()):
        names = ", ".join(f"{service} {path}" for service, path in sorted(asked.items()))
        context.note(f"health check path, found by asking the application: {names}")
        drive(run, with_health_paths(run.checked, asked).assembly, context)
    return asked


def _stack_words(run: Run, result: StackResult) -> str:
    name = run.checked.blueprint.stack_name
    return f"{name}  {len(result.seconds)} resources" if result.changed else f"{name}  as it was"


def _health_words(web: Sequence[Service], asked: Mapping[str, str]) -> str:
    """The path of each web service, found just now or known before."""
    return ", ".join(f"{service.name} {asked.get(service.name) or service.health.path or '/'}" for service in web)


def _build_words(artifact: Artifact) -> str:
    megabytes = artifact.total / 1_000_000
    size = f"{megabytes:.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"
    if artifact.reused:
        return f"{artifact.service}  {size}, built before"
    note = " (dependencies reused)" if artifact.dependencies_reused else ""
    return f"{artifact.service}  {size} in {artifact.seconds:.1f} s{note}"


def hosts_of(results: Any) -> dict[str, Host]:
    """Instance id -> open connection, out of the results of a graph."""
    return {value.instance_id: value for value in results.values() if isinstance(value, Host)}
