"""The quick way back: instances that rest since a blue-green release still run the one before, and take over again."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hivemind.aws.snapshot import read
from hivemind.deploy.stack import StackDriver, StackRequest
from hivemind.deploy.state import Recorded
from hivemind.flow.restarting import deadline_of
from hivemind.flow.status import ids_of, service_of
from hivemind.hosts import remote
from hivemind.releases.switch import Switch
from hivemind.releases.targets import Target, TargetHealth, target_health
from hivemind.template.capabilities import capabilities
from hivemind.template.former import without
from hivemind.template.jobs import jobs_in
from hivemind.template.names import ARTIFACT_BUCKET, instances_output, target_group
from hivemind.template.render import as_json
from hivemind.template.resource_types import INSTANCE, TARGET_GROUP
from hivemind.values.errors import Stage, StageError
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.deploy.journal import Journal
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import ServiceReturn
    from hivemind.hosts.ssh import Host
    from hivemind.plan.model import Snapshot
    from hivemind.values.cloud import Cloud


def running_on(names: Collection[str], hosts: Sequence[Host], service: str) -> Mapping[str, str]:
    """Instance id -> the release that runs on it, where all of these run one of these releases; else nothing."""
    found: dict[str, str] = {}
    for host in hosts:
        status = remote.status(host, service)
        if status.get("current") not in names or status.get("state") != "running":
            return {}
        found[host.instance_id] = str(status["current"])
    return found


@dataclass(frozen=True)
class SwitchBack:
    """services: of which instances that rest take over."""

    known: Known
    cloud: Cloud
    services: Sequence[ServiceReturn]
    journal: Journal

    def run(self, hosts: Mapping[str, Sequence[Host]], spare: Mapping[str, Sequence[Host]]) -> None:
        """Requests go to the instances that rest, service after service. hosts: of those that serve. spare: of those
        that rest. Raises StageError where they fail; then all serve as before."""
        done: list[Switch] = []
        for service in self.services:
            name, step = service.service, f"return {service.service}"
            switch = self._switch(service, spare[name])
            self.journal.record(Stage.ROLLBACK, step, EventKind.STARTED, f"requests to {', '.join(service.releases)}")
            try:
                switch.run()
            except StageError as error:
                self.journal.record(Stage.ROLLBACK, step, EventKind.FAILED, error.message)
                for one in reversed(done):
                    back = targets_of(self.cloud, one.arn, one.before, one.new[0].port)
                    replace(one, new=back, before=frozenset(new.instance_id for new in one.new)).run()
                raise
            done.append(switch)
            self._move_jobs(name, hosts[name], spare[name])
            self.journal.record(Stage.ROLLBACK, step, EventKind.FINISHED, f"{name}  {len(switch.new)} healthy")
        for host, name in ((host, one.service) for one in self.services for host in hosts[one.service]):
            # What outlasts the drain is closed by the application, and not cut off with its instance.
            with contextlib.suppress(StageError):
                remote.stop(host, name)

    def _switch(self, service: ServiceReturn, spare: Sequence[Host]) -> Switch:
        name, by_id, cloud = service.service, {host.instance_id: host for host in spare}, self.cloud
        arn = ids_of(read(cloud, self.known.stack), TARGET_GROUP)[target_group(name)]

        def tell(health: TargetHealth) -> None:
            self.journal.record(Stage.ROLLBACK, f"return {name}", EventKind.PROGRESS, str(health))

        return Switch(
            cloud,
            name,
            arn,
            targets_of(cloud, arn, service.releases, _port(cloud, arn)),
            frozenset(service.before),
            deadline=deadline_of(cloud, arn),
            tell=tell,
            lines=lambda one: remote.last_lines(by_id[one], name) if one in by_id else (),
            begins=lambda: self.known.store.forget_released(self.known.state.deployment_id, name),
        )

    def _move_jobs(self, service: str, serving: Sequence[Host], spare: Sequence[Host]) -> None:
        """The first instance that takes over has the jobs; a run on the other one goes on to its end."""
        resources = read(self.cloud, self.known.stack).template.get("Resources", {})
        if any(jobs_in(part) for part in resources.values() if service_of(part) == service):
            remote.clock(serving[0], service, on=False)
            remote.clock(spare[0], service, on=True)

    def remove_others(self) -> None:
        """Takes the instances that served until then out of the stack. Raises StageError(provision)."""
        if not self.services:
            return
        known = self.known
        snapshot = read(self.cloud, known.stack)
        template = _without_others(snapshot, self.services)
        self.journal.record(Stage.CLEANUP, "stack", EventKind.STARTED, known.state.deployment_id)
        result = StackDriver(self.cloud).apply(
            StackRequest(
                stack_name=known.stack,
                body=as_json(template),
                parameters=snapshot.parameters,
                bucket=ARTIFACT_BUCKET,
                capabilities=capabilities(template),
            )
        )
        gone = "the instances that served until then are gone"
        self.journal.record(Stage.CLEANUP, "stack", EventKind.FINISHED, gone)
        stands = Recorded(result.status, template, snapshot.parameters, result.outputs, result.physical_ids)
        known.store.update(known.state.deployment_id, recorded=stands)


def targets_of(cloud: Cloud, arn: str, instances: Collection[str], port: int) -> tuple[Target, ...]:
    """Instances as targets: as they are registered, else at a port."""
    there = {one.target.instance_id: one.target for one in target_health(cloud, arn)}
    return tuple(there.get(one, Target(one, port)) for one in sorted(instances))


def _port(cloud: Cloud, arn: str) -> int:
    return int(cloud.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]["Port"])


def _without_others(snapshot: Snapshot, services: Sequence[ServiceReturn]) -> dict[str, Any]:
    """The template with the instances alone that took over, and the outputs that name them."""
    names = {physical_id: name for name, physical_id in ids_of(snapshot, INSTANCE).items()}
    gone = {names[one]: one for service in services for one in service.before if one in names}
    template = without(snapshot.template, gone)
    for service in services:
        stay = sorted((names[one] for one in service.releases), key=_number)
        value = {"Fn::Join": [",", [{"Ref": name} for name in stay]]}
        template = {**template, "Outputs": {**template["Outputs"], instances_output(service.service): {"Value": value}}}
    return template


def _number(logical_id: str) -> int:
    return int(logical_id[len(logical_id.rstrip("0123456789")) :])
