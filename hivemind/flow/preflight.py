"""The preflight in the flow: what AWS is asked about a plan before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.flow.keeping import kept_in
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked
    from hivemind.plan.model import Plan, Snapshot
    from hivemind.values.cloud import Cloud


def preflight(
    checked: Checked, plan: Plan, snapshot: Snapshot, cloud: Cloud | None, *, clock: Clock = SYSTEM_CLOCK
) -> Iterator[Finding]:
    """Findings on a plan: a stack of another deployment's; where the plan changes something, what the cloud says to
    it. cloud: None where nobody can be asked. The local cloud is asked for snapshots to restore, and nothing else."""
    yield from _stack_of_another(checked, snapshot)
    if cloud is None or cloud.name != plan.cloud or plan.empty:
        return
    if cloud.name != "aws" and not any("snapshot" in one.options for one in checked.blueprint.resources.values()):
        return
    from hivemind.aws.preflight import LOOKS, LOOKS_EVERYWHERE, Subject, look

    subject = Subject(
        checked.blueprint, checked.assembly, plan, snapshot, cloud, clock.now(), kept_in(checked.blueprint.state)
    )
    yield from look(subject, LOOKS if cloud.name == "aws" else LOOKS_EVERYWHERE)


def _stack_of_another(checked: Checked, snapshot: Snapshot) -> Iterator[Finding]:
    """H492, where the stack with this name is no deployment of this environment: `shop` in `eu-live` and `shop-eu` in
    `live` have one stack name, and one would replace what the other has made."""
    environments = {
        tag["Value"]
        for resource in snapshot.template.get("Resources", {}).values()
        for tag in _tags(resource)
        if tag.get("Key") == "hivemind:environment"
    }
    blueprint = checked.blueprint
    if not snapshot.template.get("Resources") or blueprint.environment in environments:
        return
    whose = (
        f"environment `{', '.join(sorted(map(str, environments)))}` of another blueprint"
        if environments
        else "something that HiveMind did not make"
    )
    yield Finding(
        "H492",
        Severity.ERROR,
        f"the stack {blueprint.stack_name} belongs to {whose}",
        hint="The stack's name is NAME-ENVIRONMENT: choose another `name` or another environment.",
        path="name",
    )


def _tags(resource: object) -> list[dict[str, object]]:
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    tags = properties.get("Tags") if isinstance(properties, dict) else None
    return [tag for tag in tags if isinstance(tag, dict) and "Value" in tag] if isinstance(tags, list) else []
