"""The stack's part of an apply: the driver, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hivemind.deploy.stack import StackDriver, StackRequest, StackResult
from hivemind.plan.model import Action
from hivemind.releases.targets import Target, deregister_and_drain
from hivemind.template.names import target_group

if TYPE_CHECKING:
    from hivemind.deploy.events import StackEvent
    from hivemind.deploy.steps import Context
    from hivemind.flow.run import Run
    from hivemind.template.fragment import Assembly

AVERAGE_SECONDS = {
    "AWS::RDS::DBInstance": 600.0,
    "AWS::ElastiCache::ReplicationGroup": 360.0,
    "AWS::CertificateManager::Certificate": 240.0,
    "AWS::IAM::InstanceProfile": 126.0,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 116.0,
    "AWS::EC2::NatGateway": 106.0,
    "AWS::EC2::Instance": 16.0,
}
"""Seconds that AWS takes to create the slow types, as measured for the design (architecture.md, section 6)."""


def apply_stack(run: Run, context: Context) -> StackResult:
    """Creates or updates the stack, and announces each instance as soon as it exists."""
    waited_for = {node.logical_id: node.event for service, nodes in run.releasing() for node in nodes}

    def ready(logical_id: str, physical_id: str, _: str) -> None:
        # A replaced instance is reported with its old id until the new one stands.
        if logical_id in waited_for and physical_id != run.snapshot.physical_ids.get(logical_id, ""):
            context.fulfil(waited_for[logical_id], physical_id)

    for _, nodes in run.releasing():
        for node in nodes:
            if node.existing:
                context.fulfil(node.event, node.existing)
    if not run.changes_stack:
        return standing(run)
    drain_leaving(run, context)
    return drive(run, run.checked.assembly, context, ready)


def expected_seconds(run: Run) -> float | None:
    """Seconds that the slowest resource to be created takes on AWS, on average; None where nobody knows."""
    if run.cloud.name != "aws":
        return None
    created = (change.type for change in run.plan.changes if change.action in (Action.CREATE, Action.REPLACE))
    return max((AVERAGE_SECONDS.get(kind, 0.0) for kind in created), default=0.0) or None


def drive(
    run: Run, assembly: Assembly, context: Context, ready: Callable[[str, str, str], None] = lambda *_: None
) -> StackResult:
    """Brings the stack to an assembly, telling how far it is."""
    driver = StackDriver(run.cloud, clock=run.clock, say=context.note, cancelled=lambda: context.cancelled)
    total = len(assembly.resources)
    done: set[str] = set()

    def tell(event: StackEvent) -> None:
        if event.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and not event.is_stack:
            done.add(event.logical_id)
        context.progress(
            f"{len(done)} of {total} resources",
            logical_id=event.logical_id,
            type=event.type,
            status=event.status,
            reason=event.reason,
        )

    request = StackRequest(
        stack_name=run.checked.blueprint.stack_name,
        body=assembly.text,
        parameters=run.parameters,
        owners=assembly.owners,
        protected=run.checked.blueprint.require_clean,
        plan=run.plan if assembly is run.checked.assembly else None,
        may_lose=run.may_lose,
    )
    return driver.apply(request, on_event=tell, resource_ready=ready)


def standing(run: Run) -> StackResult:
    """The stack as it stands, for an apply that changes nothing in it."""
    snapshot = run.snapshot
    return StackResult(
        stack_id=snapshot.stack_id or "",
        status=snapshot.status or "",
        changed=False,
        outputs=snapshot.outputs,
        physical_ids=snapshot.physical_ids,
        seconds={},
    )


def drain_leaving(run: Run, context: Context) -> None:
    """Takes instances that the update removes or replaces out of their load balancer first."""
    leaving = {
        change.logical_id
        for change in run.plan.changes
        if change.type == "AWS::EC2::Instance" and change.action in (Action.DELETE, Action.REPLACE)
    }
    for service in run.checked.blueprint.web_services:
        arn = run.snapshot.physical_ids.get(target_group(service.name))
        prefix = target_group(service.name).removesuffix("TargetGroup") + "Instance"
        going = [
            Target(run.snapshot.physical_ids[one], service.port or 0)
            for one in sorted(leaving)
            if one in run.snapshot.physical_ids and one.removeprefix(prefix).isdigit()
        ]
        if arn and going:
            context.progress(f"draining {len(going)} of {service.name}")
            deregister_and_drain(run.cloud, arn, going, clock=run.clock)
