"""The template as text. Same template, same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SECTIONS = ("AWSTemplateFormatVersion", "Description", "Parameters", "Conditions", "Resources", "Outputs")
RESOURCE_KEYS = ("Type", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Properties")


def canonical(template: Mapping[str, Any]) -> dict[str, Any]:
    """The same template as plain new dicts and lists, in the one order in which it is written: sections as people
    write them, everything below sorted, a resource's own keys with its type first."""
    result = _arranged({key: _plain(value) for key, value in template.items() if value}, SECTIONS)
    resources: Mapping[str, Any] = result.get("Resources", {})
    result["Resources"] = {
        name: _arranged(body, RESOURCE_KEYS) if isinstance(body, dict) else body for name, body in resources.items()
    }
    return result


def as_json(template: Mapping[str, Any], *, indent: int | None = None) -> str:
    """The template as JSON. indent: spaces a level; None for the shortest form, which is what is sent and measured."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(canonical(template), indent=indent, separators=separators, ensure_ascii=False)


def as_yaml(template: Mapping[str, Any]) -> str:
    """The template as YAML with the short forms of intrinsic functions (`!Ref`, `!GetAtt`, `!Sub`)."""
    from hivemind.template.yamltext import dump

    return dump(canonical(template))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _arranged(mapping: Mapping[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    rest = sorted(key for key in mapping if key not in first)
    return {key: mapping[key] for key in (*first, *rest) if key in mapping}
