"""What a value in the template comes to, where that can be told without deploying it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.template.fragment import Assembly

Entry = tuple[tuple[str, ...], Mapping[str, Any]]
"""A mapping in the template, with the keys that lead to it from where the search began."""


def constant(assembly: Assembly, value: Any) -> Any:
    """The text that an intrinsic function with a fixed outcome stands for; anything else as it is."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    parameter = (assembly.template.get("Parameters") or {}).get(str(value.get("Ref")))
    if isinstance(parameter, Mapping):
        return parameter.get("Default")
    text = value.get("Fn::Sub")
    return text if isinstance(text, str) and "${" not in text else value


def switch(assembly: Assembly, value: Any) -> bool | None:
    """A property that is on or off, as CloudFormation reads it; None for one that is neither, or not said."""
    return {"true": True, "false": False}.get(str(constant(assembly, value)).lower())


def inside(node: Any, *keys: str) -> Any:
    """What is at the end of the keys, None where they lead nowhere."""
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def entries(node: Any, *at: str) -> Iterator[Entry]:
    """The mappings of a list, or of one that is written without its list."""
    if isinstance(node, Mapping):
        yield at, node
    elif isinstance(node, list | tuple):
        yield from (((*at, str(number)), item) for number, item in enumerate(node) if isinstance(item, Mapping))


def texts(node: Any) -> tuple[str, ...]:
    """The texts of a list, or the one that is written without its list; an `Fn::Sub` counts as its text."""
    found = node if isinstance(node, list | tuple) else (node,)
    plain = (item.get("Fn::Sub") if isinstance(item, Mapping) else item for item in found)
    return tuple(item for item in plain if isinstance(item, str))
