"""A blueprint with numbers of instances that a person set. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from hivemind.blueprint.model import Blueprint
from hivemind.blueprint.scaled import Scaled


def rescaled(
    blueprint: Blueprint,
    kept: Mapping[str, Scaled],
    wanted: Mapping[str, int | None] = MappingProxyType({}),
    *,
    by: str = "",
    since: str = "",
) -> Blueprint:
    """The blueprint with other numbers of instances. kept: service -> what holds so far. wanted: service -> a new
    number, None for that of the blueprint. by, since: of what is wanted. Services with a group are left as they are."""
    services, scaled = dict(blueprint.services), {}
    for name, service in blueprint.services.items():
        before = kept.get(name)
        now = before if before is not None and before.said == service.instances else None
        if name in wanted:
            number = wanted[name]
            asked = None if number is None else Scaled(number, service.instances, by, since)
            now = now if now and asked and now.instances == asked.instances else asked
        if now is None or service.scaling is not None or now.instances == service.instances:
            continue
        scaled[name] = now
        services[name] = replace(service, instances=now.instances)
    return replace(blueprint, services=MappingProxyType(services), scaled=MappingProxyType(scaled))


def words(blueprint: Blueprint, kept: Mapping[str, Scaled]) -> Iterator[str]:
    """A sentence for each number that does not come from the blueprint, and for each that holds no more.

    blueprint: as `rescaled` has it. kept: what held before.
    """
    for name, one in sorted(blueprint.scaled.items()):
        yield f"{name}: instances: {one.instances} by hivemind scale ({one.by}), hivemind.yaml says {one.said}"
    for name, before in sorted(kept.items()):
        if name in blueprint.services and name not in blueprint.scaled:
            number = blueprint.services[name].instances
            yield f"{name}: instances: {number} by hivemind.yaml, no more {before.instances} by hivemind scale"
