"""What a template's parts refer to: Ref, Fn::GetAtt, Fn::Sub and DependsOn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PLACEHOLDER = re.compile(r"\$\{([^!${}][^${}]*)\}")
PSEUDO = "AWS::"


@dataclass(frozen=True)
class Reference:
    """One reference. target: logical id. form: how it is written (`Ref`). attribute: whether it reads an attribute
    or orders creation, which only resources can serve."""

    target: str
    form: str
    attribute: bool = False


def references(node: Any) -> Iterator[Reference]:
    """Every reference in a resource, output or part of one, in document order; pseudo parameters left out."""
    if isinstance(node, Mapping):
        yield from _depends_on(node)
        for key, value in node.items():
            yield from _intrinsic(str(key), value, alone=len(node) == 1)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from references(item)


def _intrinsic(key: str, value: Any, *, alone: bool) -> Iterator[Reference]:
    if alone and key == "Ref" and isinstance(value, str):
        if not value.startswith(PSEUDO):
            yield Reference(value, "Ref")
        return
    if alone and key == "Fn::GetAtt":
        name = (
            value.partition(".")[0]
            if isinstance(value, str)
            else value[0]
            if isinstance(value, list | tuple) and value
            else None
        )
        if isinstance(name, str):
            yield Reference(name, "Fn::GetAtt", attribute=True)
        return
    if alone and key == "Fn::Sub":
        text, names = (value[0], value[1]) if isinstance(value, list | tuple) and len(value) == 2 else (value, {})
        yield from _substitutions(text, names if isinstance(names, Mapping) else {})
        yield from references(names)
        return
    yield from references(value)


def _substitutions(text: Any, names: Mapping[str, Any]) -> Iterator[Reference]:
    for found in PLACEHOLDER.findall(text) if isinstance(text, str) else ():
        name, dot, _ = str(found).strip().partition(".")
        if name not in names and not name.startswith(PSEUDO):
            yield Reference(name, "Fn::Sub", attribute=bool(dot))


def _depends_on(node: Mapping[str, Any]) -> Iterator[Reference]:
    # Only a resource has both; a property of that name (as in ECS container definitions) stands without a Type.
    if "Type" in node and "DependsOn" in node:
        given = node["DependsOn"]
        names = given if isinstance(given, list | tuple) else (given,)
        for name in names:
            if isinstance(name, str):
                yield Reference(name, "DependsOn", attribute=True)
