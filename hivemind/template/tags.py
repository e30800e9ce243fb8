"""Tags: every resource that can be tagged says what it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hivemind.blueprint.model import Blueprint
from hivemind.template.fragment import Assembly
from hivemind.template.render import canonical
from hivemind.template.resource_types import ResourceTypeFacts, TagShape, resource_type

REVISION = "Revision"
FIRST_REVISION = "FirstRevision"
OUR_TAGS = ("hivemind:deployment", "hivemind:environment", "hivemind:owner", "hivemind:revision")
"""Tags that every resource gets, whatever its own say: stack, environment, plugin, the revision that made the
deployment."""

INTERRUPTED_BY_TAGS: Mapping[str, str] = {
    "AWS::EC2::EIP": "updating its tags associates the address anew (AWS CloudFormation User Guide, AWS::EC2::EIP)",
}
"""Types whose tags could be updated, but not without an interruption: they keep those they were made with."""


def with_tags(logical_id: str, resource: Mapping[str, Any], owner: str, blueprint: Blueprint) -> dict[str, Any]:
    """The resource with HiveMind's tags and the blueprint's. Tags that the resource already has stand, except for
    the `hivemind:` ones. Resources of unknown types and types without tags come back as they are."""
    facts = resource_type(str(resource.get("Type")))
    if facts is None or facts.tags is None:
        return dict(resource)
    properties = dict(resource.get("Properties") or {})
    given = properties.get(facts.tags.property)
    existing = read_tags(given, facts.tags)
    if existing is None:
        return dict(resource)
    # The present revision would be an update of each resource in each update of the stack, and a rollback of each.
    own = (blueprint.stack_name, blueprint.environment, owner, {"Ref": FIRST_REVISION})
    tags: dict[str, Any] = {
        "Name": f"{blueprint.stack_name} {logical_id}",
        **blueprint.tags,
        **existing,
        **dict(zip(OUR_TAGS, own, strict=True)),
    }
    properties[facts.tags.property] = _written(tags, facts.tags)
    return {**resource, "Properties": properties}


def has_fixed_tags(facts: ResourceTypeFacts) -> bool:
    """Whether resources of a type keep the tags that they were made with."""
    return facts.tags is not None and (not facts.tag_updatable or facts.name in INTERRUPTED_BY_TAGS)


def with_deployed_tags(assembly: Assembly, deployed: Mapping[str, Any]) -> Assembly:
    """The assembly, in which resources whose tags are fixed have those that they are deployed with, unless an override
    writes them. deployed: the stack's template.

    Other tags would replace such a resource, and with it what refers to it: a key pair all instances.
    """
    former, kept = deployed.get("Resources", {}), dict(assembly.resources)
    for name, resource in assembly.resources.items():
        facts = resource_type(str(resource.get("Type")))
        before = former.get(name, {})
        if facts is None or facts.tags is None or not has_fixed_tags(facts) or before.get("Type") != facts.name:
            continue
        place, tags = ("Resources", name, "Properties", facts.tags.property), before.get("Properties") or {}
        if facts.tags.property in tags and assembly.responsible(*place, below=True) == assembly.owners.get(name):
            properties = {**(resource.get("Properties") or {}), facts.tags.property: tags[facts.tags.property]}
            kept[name] = {**resource, "Properties": properties}
    if kept == assembly.resources:
        return assembly
    return replace(assembly, template=MappingProxyType(canonical({**assembly.template, "Resources": kept})))


def read_tags(tags: Any, shape: TagShape) -> dict[str, Any] | None:
    """A resource's tags as a mapping; None where they are written in a way that can't be added to (an intrinsic
    function, also as a key)."""
    if tags is None:
        return {}
    if not shape.as_list:
        return dict(tags) if isinstance(tags, Mapping) and not any(key.startswith("Fn::") for key in tags) else None
    if not isinstance(tags, list | tuple) or not all(
        isinstance(tag, Mapping) and isinstance(tag.get("Key"), str) for tag in tags
    ):
        return None
    return {tag["Key"]: tag.get("Value") for tag in tags}


def _written(tags: Mapping[str, Any], shape: TagShape) -> Any:
    if not shape.as_list:
        return {key: tags[key] for key in sorted(tags)}
    extra = {"PropagateAtLaunch": True} if shape.propagate else {}
    return [{"Key": key, "Value": tags[key], **extra} for key in sorted(tags)]
