"""A release on the instances that an Auto Scaling group has now, and what its instances to come install by themselves.

Instances come and go while a release is brought: who is gone is no failure, and who came with the release before is
found by a second look, once the manifest names the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.agents.deployer.preparing import prepared
from hivemind.agents.deployer.requests import marked_request
from hivemind.hosts import pool, remote
from hivemind.releases import groups, manifest
from hivemind.releases.rollout import Rollout
from hivemind.values.errors import Stage, StageError
from hivemind.values.poller import poller

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.deploy.stack import StackResult
    from hivemind.hosts.ssh import Host
    from hivemind.releases.targets import TargetHealth
    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context
    from hivemind.values.artifact import Artifact

FILLING = 300.0
"""Seconds for a group to have as many instances as it wants, before those that are there are released on."""
LEAST_FILLING = 60.0
ATTEMPTS = 3


def prepare(service: Service, name: str, context: Context) -> tuple[Host, ...]:
    """Connections to the instances of a group, once it has as many as it wants, the installer brought to each.

    name: of the group. Raises StageError(deploy) where none can be reached that is still in the group.
    """
    cloud, clock = context.deployment.cloud, context.deployment.clock
    found = None
    filling = max(LEAST_FILLING, FILLING / cloud.pace)
    for found in poller(cloud, clock).answers(("group", name), lambda: groups.group(cloud, name), deadline=filling):
        context.check()
        if found is not None and len(found.instances) >= found.desired:
            break
        context.progress(f"waiting for instances of the group {name}")
    if found is None or not found.instances:
        raise _no_instances(service, name)
    return _connected(service, name, found.instances, context)


def _no_instances(service: Service, name: str) -> StageError:
    return StageError(
        Stage.DEPLOY,
        f"the group {name} has no instances",
        subject=service.name,
        hint=f"`aws autoscaling describe-scaling-activities --auto-scaling-group-name {name}` says why it starts none.",
        path=f"services.{service.name}",
    )


def _connected(service: Service, name: str, instances: Iterable[str], context: Context) -> tuple[Host, ...]:
    def ready(instance: str) -> Host | None:
        try:
            return prepared(service, instance, context)
        except StageError:
            if instance in groups.present(context.deployment.cloud, name):
                raise
            return None

    return tuple(filter(None, pool.results(pool.on_each(instances, ready))))


def install(rollout: Rollout, name: str, begun: list[Rollout]) -> Rollout:
    """Installs a release on the instances of a group; those that ended meanwhile are left out. begun: takes each
    rollout that begins. Returns the one that went through. Raises StageError."""
    return _on_present(rollout, name, Rollout.install, begun)


def register(rollout: Rollout, name: str, begun: list[Rollout]) -> tuple[TargetHealth, ...]:
    """Registers these instances and waits until they are healthy; those that ended meanwhile are left out."""
    healths: tuple[TargetHealth, ...] = ()

    def registered(one: Rollout) -> None:
        nonlocal healths
        healths = one.register()

    _on_present(rollout, name, registered, begun)
    return healths


def _on_present(rollout: Rollout, name: str, work: Callable[[Rollout], object], begun: list[Rollout]) -> Rollout:
    for attempt in range(1, ATTEMPTS + 1):
        present = groups.present(rollout.cloud, name)
        rollout = replace(rollout, hosts=[host for host in rollout.hosts if host.instance_id in present])
        if not rollout.hosts:
            raise _no_instances(rollout.service, name)
        begun.append(rollout)
        try:
            work(rollout)
        except StageError:
            gone = {host.instance_id for host in rollout.hosts} - set(groups.present(rollout.cloud, name))
            if not gone or attempt == ATTEMPTS:
                raise
        else:
            return rollout
    raise AssertionError("the last attempt returns or raises")


def publish(run: Apply, service: Service, context: Context, stack: StackResult, artifact: Artifact) -> None:
    """Has new instances of the group install this release from now on."""
    cloud = context.deployment.cloud
    request, sources = marked_request(run, service, cloud, stack, artifact)
    content = manifest.manifest(service, artifact, request, sources, cloud.pace)
    manifest.publish(cloud, stack.outputs["ArtifactBucketName"], service.name, content)


def catch_up(rollout: Rollout, name: str, context: Context, begun: list[Rollout]) -> int:
    """Releases on instances that came with the release before while this one was brought; how many. Those that come
    from now on find it by themselves."""
    done = {host.instance_id for host in rollout.hosts}
    late: Sequence[str] = [one for one in groups.present(rollout.cloud, name) if one not in done]
    if not late:
        return 0
    context.progress(f"{len(late)} new instances of the group {name}")
    hosts = _connected(rollout.service, name, late, context)
    # One without any release may have read the manifest just before it changed.
    wanted = rollout.request.release
    behind = [host for host in hosts if remote.status(host, rollout.service.name).get("current") != wanted]
    fresh = replace(rollout, hosts=behind, migrates=False, before={}, out=set())
    if behind:
        fresh = install(fresh, name, begun)
    register(replace(fresh, hosts=hosts), name, begun)
    return len(hosts)
