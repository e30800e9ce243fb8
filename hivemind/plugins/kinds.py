"""Values and annotations in words: `a str, 'error'`, `a tuple of Finding`. Pure."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hivemind.values.annotations import JSON

SHOWN = 60
"""Characters of a value that are quoted."""


def found(value: object) -> str:
    """What a value is: `a str, 'error'`. Nothing of a class that is not Python's own is called."""
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    said = _with_article(type(value).__name__)
    if type(value) in {str, int, float, bytes, bool}:
        text = repr(value)
        said += f", {text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}"
    return said


def expected(kind: Any, *, several: bool = False) -> str:
    """What an annotation asks for: `a tuple of Finding`. several: without the article, as after `of`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in _BY_ORIGIN:
        return _BY_ORIGIN[origin](arguments, several)
    if kind is None or kind is types.NoneType:
        return "None"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return either(f"{kind.__name__}.{one.name}" for one in kind)
    plain: dict[Any, str] = {Callable: "function", Mapping: "mapping"}
    name = plain.get(kind) or plain.get(origin) or str(getattr(origin or kind, "__name__", kind))
    return name if several else _with_article(name)


def either(choices: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = choices
    return f"{', '.join(most)} or {last}" if most else last


def _annotated(arguments: tuple[Any, ...], several: bool) -> str:
    return "JSON data" if JSON in arguments[1:] else expected(arguments[0], several=several)


def _union(arguments: tuple[Any, ...], several: bool) -> str:
    return either(expected(one, several=several) for one in arguments)


def _literal(arguments: tuple[Any, ...], several: bool) -> str:  # noqa: ARG001 - as the others of its table
    return either(repr(one) for one in arguments)


def _tuple(arguments: tuple[Any, ...], several: bool) -> str:
    inner = ", ".join(expected(one, several=True) for one in arguments if one is not Ellipsis)
    said = f"tuple of {inner}" if inner else "empty tuple"
    return said if several else _with_article(said)


_BY_ORIGIN: Mapping[Any, Callable[[tuple[Any, ...], bool], str]] = {
    typing.Annotated: _annotated,
    typing.Union: _union,
    types.UnionType: _union,
    typing.Literal: _literal,
    tuple: _tuple,
}


def _with_article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
