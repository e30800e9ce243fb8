"""Frozen dataclasses to plain JSON data and back, checked on the way in.

`decode(Plan, encode(plan)) == plan` for every type whose fields are dataclasses, enums, mappings with
string keys, tuples, `Path`, JSON scalars, `Any` (kept as it is), or optional ones of these.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

T = TypeVar("T")


class DecodeError(ValueError):
    """The data does not have the shape of the type. where: dotted path into the data."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


def encode(value: Any) -> Any:
    """The value as JSON data; mappings and dataclasses become dicts, tuples lists. Raises TypeError for others."""
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if dataclasses.is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def decode(kind: type[T], data: Any, where: str = "") -> T:
    """The data as a value of dataclass `kind`. Missing fields take their defaults, unknown ones are an error.

    Raises DecodeError, which says where.
    """
    return cast("T", _decode(kind, data, where))


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, data: Any, where: str) -> Any:
    if kind is Any:
        return _frozen(data)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), data, where)
    if origin is tuple:
        return _decode_tuple(typing.get_args(kind), data, where)
    if origin is Mapping:
        if not isinstance(data, dict):
            raise DecodeError(where, f"expected an object, found {_name(data)}")
        item = typing.get_args(kind)[1]
        return MappingProxyType({key: _decode(item, part, _join(where, key)) for key, part in data.items()})
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    return _decode_scalar(kind, data, where)


def _decode_dataclass(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise DecodeError(where, f"expected an object, found {_name(data)}")
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for key in data:
        if key not in fields:
            raise DecodeError(_join(where, key), "unknown field")
    hints = _hints(kind)
    for name, field in fields.items():
        missing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if name not in data and missing:
            raise DecodeError(_join(where, name), "missing")
    return kind(**{name: _decode(hints[name], data[name], _join(where, name)) for name in fields if name in data})


def _decode_union(choices: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in choices:
        return None
    others = [choice for choice in choices if choice is not type(None)]
    for choice in others[:-1]:
        try:
            return _decode(choice, data, where)
        except DecodeError:
            continue
    return _decode(others[-1], data, where)


def _decode_tuple(parts: tuple[Any, ...], data: Any, where: str) -> Any:
    if not isinstance(data, list):
        raise DecodeError(where, f"expected a list, found {_name(data)}")
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_decode(parts[0], item, f"{where}[{index}]") for index, item in enumerate(data))
    if len(parts) != len(data):
        raise DecodeError(where, f"expected {len(parts)} items, found {len(data)}")
    pairs = enumerate(zip(parts, data, strict=True))
    return tuple(_decode(part, item, f"{where}[{index}]") for index, (part, item) in pairs)


def _decode_scalar(kind: Any, data: Any, where: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(data)
        except ValueError:
            known = ", ".join(str(member.value) for member in kind)
            raise DecodeError(where, f"{data!r} is not one of {known}") from None
    if kind is Path and isinstance(data, str):
        return Path(data)
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if isinstance(kind, type) and isinstance(data, kind) and not (kind is int and isinstance(data, bool)):
        return data
    raise DecodeError(where, f"expected {getattr(kind, '__name__', kind)}, found {_name(data)}")


def _frozen(data: Any) -> Any:
    return MappingProxyType(data) if isinstance(data, dict) else data


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _name(data: Any) -> str:
    return {dict: "an object", list: "a list", str: "text", type(None): "null"}.get(type(data), type(data).__name__)
