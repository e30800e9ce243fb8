"""Templates between the one that is deployed and the one that is to be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hivemind.template.references import references


def with_former(final: Mapping[str, Any], former: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The final template, in which these resources are still as they were.

    former: the deployed template. names: logical ids of resources in both. What they refer to, and the final template
    lacks, stays too.
    """
    resources, parameters = dict(final["Resources"]), dict(final.get("Parameters", {}))
    waiting = list(names)
    for name in waiting:
        resources[name] = former["Resources"][name]
    while waiting:
        for needed in {one.target for one in references(resources[waiting.pop()])}:
            if needed in resources or needed in parameters:
                continue
            if needed in former["Resources"]:
                resources[needed] = former["Resources"][needed]
                waiting.append(needed)
            elif needed in former.get("Parameters", {}):
                parameters[needed] = former["Parameters"][needed]
    return {**final, "Parameters": parameters, "Resources": resources}


def without(template: Mapping[str, Any], gone: Mapping[str, str]) -> dict[str, Any]:
    """A template without resources that do not exist any more, and without what would lead nowhere.

    gone: logical id -> the physical id that it had, which takes the place of a `Ref` to it. An output that refers to
    one is left out.
    """
    resources = {name: _with_ids(part, gone) for name, part in template["Resources"].items() if name not in gone}
    outputs = {
        name: part
        for name, part in template.get("Outputs", {}).items()
        if not any(one.target in gone for one in references(part))
    }
    return {**template, "Resources": resources, **({"Outputs": outputs} if "Outputs" in template else {})}


def _with_ids(node: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(node, Mapping):
        if len(node) == 1 and node.get("Ref") in ids:
            return ids[node["Ref"]]
        return {
            key: _without_names(item, ids) if key == "DependsOn" else _with_ids(item, ids) for key, item in node.items()
        }
    if isinstance(node, list | tuple):
        return [_with_ids(item, ids) for item in node]
    return node


def _without_names(order: Any, ids: Mapping[str, str]) -> Any:
    names = [order] if isinstance(order, str) else list(order)
    return [name for name in names if name not in ids]
