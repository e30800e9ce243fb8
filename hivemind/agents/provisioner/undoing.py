"""After a blue-green release that failed before its switch: the new instances go, those before are as they were."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hivemind.plan.colours import of
from hivemind.releases.targets import in_use
from hivemind.template.former import with_former, without
from hivemind.template.names import colour_of, instances_output, target_group

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hivemind.steps.run import Apply
    from hivemind.steps.step import Context
    from hivemind.steps.waves import Wave
    from hivemind.template.fragment import Assembly
    from hivemind.values.cloud import Cloud


def unswitched(run: Apply, wave: Wave, cloud: Cloud) -> tuple[str, ...]:
    """The services of a wave whose instances before still get the requests: nothing has taken over from them."""
    ids = run.snapshot.physical_ids
    return tuple(
        share.service.name
        for share in wave.shares
        if share.before
        and (arn := ids.get(target_group(share.service.name)))
        and in_use(cloud, arn) & set(share.before.values())
    )


def undone(run: Apply, wave: Wave, services: Collection[str], context: Context) -> Assembly:
    """What stands after a wave, but for the new instances of some services: those before are the only ones again."""
    snapshot = run.snapshot
    colours = {name: of(name, snapshot).current for name in services}
    assembly = context.deployment.assembled(run.blueprint.with_colours(colours))
    template = with_former(assembly.template, snapshot.template, sorted(wave.later))
    # More instances than there were would come without a release.
    known = snapshot.template["Resources"]
    more = {
        name: ""
        for name in template["Resources"]
        if name not in known and any(colour_of(service, name) for service in services)
    }
    template = without(template, more)
    return replace(assembly, template=MappingProxyType({**template, "Outputs": _outputs(template, services, run)}))


def _outputs(template: Mapping[str, Any], services: Collection[str], run: Apply) -> dict[str, Any]:
    """The outputs, with the instances of these services as they were."""
    former = run.snapshot.template.get("Outputs", {})
    named = {instances_output(name) for name in services}
    return {**template.get("Outputs", {}), **{name: former[name] for name in named & set(former)}}
