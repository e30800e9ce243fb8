"""What is wrong with plugins' parts of the schema, whether a blueprint uses them or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hivemind.blueprint.schema import core, plain
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding, Severity
from hivemind.values.schemaparts import SchemaPart

NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
"""Names of resource types and kinds of checks: words that people write in YAML, and that are part of a URN."""


def blame(parts: Mapping[str, SchemaPart], distributions: Mapping[str, str]) -> None:
    """Raises FindingsError naming every plugin whose part can't be used; returns where all can.

    parts: plugin -> its part. distributions: as for `schema.merged`. Looks at the names of types and kinds, and whether
    each schema is a valid JSON Schema whose references can be followed.
    """
    findings = []
    for plugin in sorted(parts):
        who = f'plugin "{plugin}" ({distributions.get(plugin, "built in")})'
        hint = f"Update the plugin, or disable it: `hivemind -p no:{plugin} ...`."
        for what, name in (*_named(parts[plugin], "resource_types"), *_named(parts[plugin], "checks")):
            if not NAME.fullmatch(name):
                message = (
                    f"{who} adds a {what} named {name!r}; expected a letter, then letters, digits, '-', '_' or '.'"
                )
                findings.append(Finding("H604", Severity.ERROR, message, hint=hint, plugin=plugin))
        for where, part in _schemas(parts[plugin]):
            for fault in _faults(json.dumps(plain(part), default=repr)):
                message = f"{who} has an invalid schema for {where}: {fault}"
                findings.append(Finding("H125", Severity.ERROR, message, hint=hint, plugin=plugin))
    if findings:
        raise FindingsError(findings)


def _named(part: SchemaPart, attribute: str) -> Iterator[tuple[str, str]]:
    what = {"resource_types": "resource type", "checks": "kind of check"}[attribute]
    return ((what, name) for name in getattr(part, attribute))


def _schemas(part: SchemaPart) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, resource in part.resource_types.items():
        yield f"resource type {name}", resource.schema
    for kind, check in part.checks.items():
        yield f"check {kind}", check
    if part.options is not None:
        yield "its options", part.options


@cache
def _faults(text: str) -> tuple[str, ...]:
    """What is wrong with a schema. text: of its JSON, under which the answer is kept: the same parts are asked about
    for every environment of every blueprint."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    schema: dict[str, Any] = json.loads(text)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        at = "/".join(str(step) for step in error.absolute_path)
        return (f"{at or 'top level'}: {error.message}",)
    return tuple(
        f"{where}: {reference!r} leads nowhere"
        for where, reference in _references(schema, "")
        if not _leads_somewhere(reference, schema)
    )


def _references(node: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every `$ref` below a node, with where it stands."""
    if isinstance(node, list):
        for index, member in enumerate(node):
            yield from _references(member, f"{where}/{index}")
    if not isinstance(node, dict):
        return
    for key, member in node.items():
        at = f"{where}/{key}".lstrip("/")
        if key == "$ref" and isinstance(member, str):
            yield at, member
        elif key not in {"const", "enum", "default", "examples"}:
            yield from _references(member, at)


def _leads_somewhere(reference: str, schema: dict[str, Any]) -> bool:
    """A reference within the part, or to a definition of HiveMind's own schema; nothing is fetched."""
    if not reference.startswith("#"):
        return False
    node: Any = schema if "$defs" in schema else core()
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return True
