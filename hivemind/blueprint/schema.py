"""The JSON Schema of `hivemind.yaml`: ours, merged with what plugins add."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hivemind.machine import shipped
from hivemind.text.suggest import listed
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Severity
from hivemind.values.schemaparts import SchemaPart

NONE: Mapping[str, str] = MappingProxyType({})


@functools.cache
def _core_text() -> str:
    return (shipped.folder("schemas") / "blueprint.schema.json").read_text(encoding="utf-8")


def core() -> dict[str, Any]:
    """The schema without any plugin's part, a fresh copy."""
    schema: dict[str, Any] = json.loads(_core_text())
    return schema


def merged(parts: Mapping[str, SchemaPart], distributions: Mapping[str, str] = NONE) -> dict[str, Any]:
    """The schema with the parts of these plugins (name -> part) in it.

    distributions: third-party plugin -> distribution and version, or its file, for messages. Raises FindingsError
    where two plugins add one resource type or check kind, naming both.
    """
    schema = core()
    _refuse_collisions(parts, distributions)
    definitions = schema["$defs"]
    types: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for plugin in sorted(parts):
        part = parts[plugin]
        for name, resource in part.resource_types.items():
            definitions[f"resource-{name}"] = _resource(name, resource.schema, resource.description)
            types[name] = resource.description
        for kind, check in part.checks.items():
            definitions[f"check-{kind}"] = _check(kind, check)
            kinds[kind] = f"check-{kind}"
    definitions["resource"] |= _by_type(types)
    definitions["check"] |= _by_kind(kinds)
    schema["properties"]["plugins"] |= _plugin_options(parts)
    _describe_overlays(schema)
    return schema


def _refuse_collisions(parts: Mapping[str, SchemaPart], distributions: Mapping[str, str]) -> None:
    findings = []
    for what, attribute in (("resource type", "resource_types"), ("kind of check", "checks")):
        owners: dict[str, list[str]] = {}
        # What was installed comes after what is built in: it is what can be left out.
        for plugin in sorted(parts, key=lambda name: (name in distributions, name)):
            for name in getattr(parts[plugin], attribute):
                owners.setdefault(name, []).append(plugin)
        for name, plugins in sorted(owners.items()):
            if len(plugins) > 1:
                named = [f'"{one}" ({distributions[one]})' if one in distributions else f'"{one}"' for one in plugins]
                message = f'several plugins add the {what} "{name}": {listed(named)}'
                hint = f"Disable one: `hivemind -p no:{plugins[-1]} ...`."
                findings.append(Finding("H122", Severity.ERROR, message, hint=hint, plugin=plugins[-1]))
    if findings:
        raise FindingsError(findings)


def plain(value: Any) -> Any:
    """A plugin's schema as plain data of our own: it may be made of read-only mappings and tuples."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _resource(name: str, options: Mapping[str, Any], description: str) -> dict[str, Any]:
    schema = plain(options)
    schema.setdefault("description", description)
    schema.setdefault("additionalProperties", False)
    if "$defs" in schema:
        schema["$id"] = f"urn:hivemind:resource:{name}"
    schema["properties"] = {"type": {"const": name, "description": description}, **schema.get("properties", {})}
    return {**schema, "type": "object"}


def _check(kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    schema = plain(entry)
    if "$defs" in schema:
        schema["$id"] = f"urn:hivemind:check:{kind}"
    if "properties" in schema:
        schema["properties"].setdefault(kind, {})
        schema.setdefault("additionalProperties", False)
    return {**schema, "type": "object"}


def _by_type(types: Mapping[str, str]) -> dict[str, Any]:
    """A text is a type; a mapping has a type, which decides what else may be in it."""
    names = sorted(types)
    described = (
        "One of: " + "; ".join(f"{name}: {types[name]}" for name in names)
        if names
        else "No plugin adds a resource type."
    )
    choices = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"], "type": "object"},
            "then": {"$ref": f"#/$defs/resource-{name}"},
        }
        for name in names
    ]
    return {
        "if": {"type": "string"},
        "then": {"enum": names},
        "else": {
            "required": ["type"],
            "properties": {"type": {"type": "string", "enum": names, "description": described}},
            **({"allOf": choices} if choices else {}),
        },
    }


def _by_kind(kinds: Mapping[str, str]) -> dict[str, Any]:
    return {
        "anyOf": [{"required": [kind]} for kind in sorted(kinds)] or [False],
        "allOf": [
            {"if": {"type": "object", "required": [kind]}, "then": {"$ref": f"#/$defs/{kinds[kind]}"}}
            for kind in sorted(kinds)
        ]
        or [True],
    }


def _plugin_options(parts: Mapping[str, SchemaPart]) -> dict[str, Any]:
    options = {}
    for plugin in sorted(parts):
        schema = parts[plugin].options
        if schema is not None:
            options[plugin] = {"additionalProperties": False, **plain(schema), "type": ["object", "null"]}
    return {"properties": options} if options else {}


def _describe_overlays(schema: dict[str, Any]) -> None:
    """Gives `environments` the keys of the file itself, each optional and null allowed."""
    overlay = schema["$defs"]["environment"]["properties"]
    service = schema["$defs"]["service"]["properties"]
    for name, whole in overlay.items():
        if name == "stage":
            continue
        rule: dict[str, Any] = {"$ref": f"#/properties/{name}"}
        if name == "services":
            properties = {key: _overlaid(key, described) for key, described in service.items()}
            rule = {
                "type": "object",
                "additionalProperties": {
                    "type": ["object", "null"],
                    "additionalProperties": False,
                    "properties": properties,
                },
            }
        elif name in {"resources", "network", "tags"}:
            rule = {"type": "object"}  # checked once merged: what is left out here may stand in the file itself
        overlay[name] = {"description": whole["description"], **_or_null(rule)}


def _overlaid(key: str, described: Mapping[str, Any]) -> dict[str, Any]:
    """A service's key in an overlay. What is in a mapping is checked once merged: it may be left out, or null."""
    if "object" in described["type"]:
        return _or_null({"type": described["type"], "description": described["description"]})
    return _or_null({"$ref": f"#/$defs/service/properties/{key}"})


def _or_null(rule: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"not": {"type": "null"}}, "then": copy.deepcopy(rule)}
