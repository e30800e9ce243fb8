"""Deployer's steps: artifacts go up, instances are prepared, releases are installed and get traffic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.agents.deployer import groups, requests
from hivemind.agents.deployer.clocking import resumptions
from hivemind.agents.deployer.preparing import prepared
from hivemind.agents.deployer.reregistering import reregistrations
from hivemind.agents.deployer.taking_over import take_over
from hivemind.blueprint.model import Service
from hivemind.deploy.removal import Content
from hivemind.deploy.stack import StackResult
from hivemind.deploy.withdrawal import health_deadline
from hivemind.hosts import remote
from hivemind.hosts.ssh import Host
from hivemind.plan.colours import of
from hivemind.releases import groups as group_state
from hivemind.releases import kept_requests, manifest
from hivemind.releases.health_path import choose_health_path
from hivemind.releases.released import Released
from hivemind.releases.rollout import Rollout, Watcher
from hivemind.releases.targets import deregister_and_drain, target_health
from hivemind.steps import milestones
from hivemind.steps.milestones import HEALTH_PATH
from hivemind.steps.run import Apply, Destroy, Node
from hivemind.steps.step import End, Step
from hivemind.steps.waves import Share, waves
from hivemind.template.names import ARCHIVES, LAYERS, scaling_group, target_group
from hivemind.template.resource_types import TARGET_GROUP
from hivemind.values.artifact import Artifact
from hivemind.values.errors import Stage

if TYPE_CHECKING:
    from hivemind.releases.targets import TargetHealth
    from hivemind.steps.deployment import Deployment
    from hivemind.steps.step import Context
    from hivemind.values.cloud import Cloud


def steps(run: Apply | Destroy) -> Iterator[Step]:
    """Of an apply: upload, prepare, release and traffic of each service that gets a release. Of a destroy: draining."""
    if isinstance(run, Destroy):
        for one in run.contents:
            if one.resource.type == TARGET_GROUP:
                yield _drain_step(run, one)
        return
    planned = waves(run)
    for service, nodes in run.releasing():
        yield _upload_step(service, planned[0].stack)
        for node in nodes:
            yield _prepare_step(service, node)
    for wave in planned:
        for share in wave.shares:
            if share.nodes:
                yield _release_step(run, share, wave.stack)
                if share.service.is_web:
                    yield _traffic_step(run, share, wave.stack, alone=len(planned) == 1)
    yield from reregistrations(run)
    yield from resumptions(run)


def _upload_step(service: Service, stack: str) -> Step:
    """stack: the milestone from which on there is a bucket."""
    build = milestones.build(service.name)
    return Step(
        milestones.upload(service.name),
        Stage.DEPLOY,
        lambda context: _upload(context.deployment, service, context[build], context[stack]),
        needs=(build, stack),
        message=f"{service.name} to the artifact bucket",
    )


def _upload(deployment: Deployment, service: Service, artifact: Artifact, stack: StackResult) -> str:
    """Keeps the artifact and its layers in the deployment's own bucket, for instances and machines to come."""
    bucket = stack.outputs["ArtifactBucketName"]
    client = deployment.cloud.client("s3")
    keys = _keys(artifact)
    for path, key in keys.items():
        present = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("KeyCount", 0)
        if not present:
            with path.open("rb") as body:
                client.put_object(Bucket=bucket, Key=key, Body=body)
    if service.scaling is not None:
        manifest.bring(deployment.cloud, bucket, artifact)
    return keys[artifact.path]


def _keys(artifact: Artifact) -> dict[Path, str]:
    """Archive here -> its key in the bucket, of an artifact and its layers."""
    layers = {layer.path: f"{LAYERS}{layer.path.name}" for layer in artifact.layers}
    return {artifact.path: f"{ARCHIVES}{artifact.service}/{artifact.path.name}", **layers}


def _prepare_step(service: Service, node: Node) -> Step:
    def prepare(context: Context) -> Host | tuple[Host, ...]:
        if node.is_group:
            return groups.prepare(service, context[node.event], context)
        return prepared(service, context[node.event], context)

    return Step(
        milestones.prepare(service.name, node.number),
        Stage.DEPLOY,
        prepare,
        needs=(node.event,),
        message=f"{service.name}{'' if node.is_group else f' {node.number}'}: installer and user",
    )


def _release_step(run: Apply, share: Share, stack: str) -> Step:
    """stack: the milestone from which on the instances are there."""
    service, nodes = share.service, share.nodes
    ready = tuple(milestones.prepare(service.name, node.number) for node in nodes)
    words = f"{service.name} on {len(nodes)} instance{'s' if len(nodes) > 1 else ''}"
    words = f"{service.name} on its group" if service.scaling else words
    # A wave before has run the release command, and its instances must serve before these change.
    earlier = replace(share.turn, number=share.turn.number - 1).name(milestones.release(service.name))
    begun: list[Rollout] = []
    return Step(
        share.release,
        Stage.DEPLOY,
        lambda context: _release(run, share, context, context[stack], begun),
        # On AWS instances fetch from the bucket; the local cloud's get everything over SSH, without a wait.
        needs=(
            milestones.build(service.name),
            stack,
            *ready,
            *((milestones.upload(service.name),) if run.cloud == "aws" or service.scaling else ()),
            *((earlier,) if share.turn.number > 1 else ()),
        ),
        message=words,
        outcome=lambda _: words,
        at_end=lambda context, end: _at_end(share, context, end, begun),
    )


def _at_end(share: Share, context: Context, end: End, rollouts: list[Rollout]) -> None:
    """What an interrupted rollout took out of service is brought back before the run ends; a group is let go."""
    if end is not End.DONE and not share.before:  # what was set aside then is new, and serves only by its switch
        for rollout in rollouts:
            rollout.give_back()
    for rollout in rollouts[-1:] if share.service.scaling else ():
        assert rollout.group is not None
        group_state.let_go(context.deployment.cloud, rollout.group)


def _release(run: Apply, share: Share, context: Context, stack: StackResult, begun: list[Rollout]) -> Released:
    """begun: takes the rollout, for the end of the run."""
    prepared = [context[milestones.prepare(share.service.name, node.number)] for node in share.nodes]
    group = stack.physical_ids[scaling_group(share.service.name)] if share.service.scaling else None
    hosts: list[Host] = list(prepared[0]) if group else prepared
    deployment, service = context.deployment, share.service
    cloud = deployment.cloud
    artifact: Artifact = context[milestones.build(service.name)]
    request = requests.request(run, service, cloud, stack, artifact)
    rollout = Rollout(
        cloud,
        service,
        artifact,
        request,
        hosts,
        stack.physical_ids.get(target_group(service.name)) if service.is_web else None,
        Watcher(
            on_step=lambda instance, step: _tell(context, instance, step),
            on_state=lambda health: context.progress(str(health)),
        ),
        deadline=health_deadline(cloud, service),
        address=_addresses(cloud, stack, artifact),
        clock=deployment.clock,
        migrates=share.turn.number == 1,
        group=group,
        clocked=None if group else _first(share, hosts),
    )
    begun.append(rollout)
    if not share.before:  # whose instances stay as they are
        deployment.store.forget_released(deployment.id, service.name)
    elif service.jobs and rollout.clocked:  # which those before still run
        remote.clock(hosts[0], service.name, on=False)
    if group is None:
        rollout.install()
        _keep_request(run, service, cloud, stack, artifact)
    else:
        group_state.hold(cloud, group)
        rollout = groups.install(rollout, group, begun)
        hosts = list(rollout.hosts)
        if not service.is_web:
            _keep(run, rollout, context, stack, begun)
    path = None
    if service.is_web and service.health.path is None and request.port is not None:
        path = choose_health_path(hosts[0], request.port, None)
    return Released(rollout, path)


def _keep_request(run: Apply, service: Service, cloud: Cloud, stack: StackResult, artifact: Artifact) -> None:
    """What a rollback installs this release by, on instances that do not have it."""
    marked, sources = requests.marked_request(run, service, cloud, stack, artifact)
    bucket = stack.outputs["ArtifactBucketName"]
    kept_requests.keep(cloud, bucket, artifact=artifact, request=marked, secrets=sources, files=_keys(artifact))


def _keep(run: Apply, rollout: Rollout, context: Context, stack: StackResult, begun: list[Rollout]) -> None:
    """The group goes on with this release: new instances install it, and those that came meanwhile get it."""
    assert rollout.group is not None
    groups.publish(run, rollout.service, context, stack, rollout.artifact)
    groups.catch_up(rollout, rollout.group, context, begun)
    group_state.let_go(rollout.cloud, rollout.group)


def _first(share: Share, hosts: Sequence[Host]) -> str | None:
    """The service's first instance, where it is among these."""
    return next((host.instance_id for node, host in zip(share.nodes, hosts, strict=True) if node.number == 1), None)


def _tell(context: Context, instance: str, step: remote.InstallStep) -> None:
    if step.name in ("fetch", remote.WAITING):  # why it takes longer than it should
        context.note(f"{instance}: {step.message}")
    else:
        context.progress(step.message, instance=instance)


def _addresses(cloud: Cloud, stack: StackResult, artifact: Artifact) -> remote.AddressOf:
    keys, bucket = _keys(artifact), stack.outputs["ArtifactBucketName"]
    return lambda archive: cloud.download_url(bucket, keys[archive])


def _traffic_step(run: Apply, share: Share, stack: str, *, alone: bool) -> Step:
    """stack: as for the release. alone: whether the stack is updated once. With several updates, a service whose health
    check path is known does not wait for those that must be asked for theirs."""
    waits = alone or share.service.health.path is None
    group = (stack,) if share.service.scaling else ()
    over = f", {of(share.service.name, run.snapshot).current} drained" if share.before else ""
    return Step(
        share.traffic,
        Stage.REGISTER,
        lambda context: _traffic(run, share, context, stack),
        needs=(share.release, *group, *((HEALTH_PATH,) if waits else ())),
        message=share.service.name,
        outcome=lambda healths: f"{share.service.name}  {len(healths)} of {len(healths)} healthy{over}",
    )


def _traffic(run: Apply, share: Share, context: Context, stack: str) -> tuple[TargetHealth, ...]:
    rollout: Rollout = context[share.release].rollout
    if share.before:
        return take_over(run, share, rollout, context)
    if rollout.group is None:
        return rollout.register()
    begun: list[Rollout] = []
    healths = groups.register(rollout, rollout.group, begun)
    _keep(run, begun[-1], context, context[stack], begun)
    return healths


def _drain_step(run: Destroy, group: Content) -> Step:
    def drain(context: Context) -> None:
        cloud, clock = context.deployment.cloud, context.deployment.clock
        targets = [health.target for health in target_health(cloud, group.resource.physical_id)]
        context.progress(f"draining {len(targets)} of {group.resource.logical_id}")
        deregister_and_drain(cloud, group.resource.physical_id, targets, clock=clock)

    return Step(milestones.drain(group.resource.logical_id), run.stage, drain, message=group.resource.logical_id)
