"""Whether a value is what an annotation says, all the way down. Pure.

What a hook may answer with is its annotation in `hookspecs`; no list beside it says so a second time. pydantic and
msgspec check on the way *into* types of their own; beartype and typeguard look at calls, and by default at one item of
a container. What is needed here is small, must cost no import at each start, and has to say which field is wrong.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

from hivemind.plugins.kinds import expected, found
from hivemind.values.annotations import JSON, fields_of

LONGEST = 120
"""Characters of a place that are shown."""
DEEPEST = 100
"""Levels of containers in one value. A template has about ten; what contains itself has no end."""


@dataclass(frozen=True)
class Wrong:
    """What is not as it should be. where: `[0].severity`, empty for the value itself. found, expected: in words."""

    where: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = self.where if len(self.where) <= LONGEST else f"{self.where[:LONGEST]}..."
        return f"{where} is {self.found}; expected {self.expected}"

    def within(self, step: str) -> Wrong:
        """The same, seen from one level up."""
        return Wrong(step + self.where, self.found, self.expected)


Check = Callable[[Any, Any, int], Wrong | None]
"""Looks at a value for an annotation, so many levels down. Places are put together on the way back, where there is
something to say."""


def first_wrong(value: object, kind: Any, depth: int = 0) -> Wrong | None:
    """The first place in a value that is not what the annotation `kind` says, or None.

    Looks into dataclasses, tuples, mappings, sequences, sets, unions, enums, literals, protocols, and JSON data (`Json`
    in `hivemind.values.annotations`). A dataclass with a method `problem` says there what its fields must be beside of
    their type: a field and what is expected of it, or None. `Any`, `object`, type variables and forms that are not
    known here take everything.
    """
    if depth > DEEPEST:
        return Wrong("", "nested too deeply", f"at most {DEEPEST} levels")
    origin = typing.get_origin(kind)
    check = _BY_FORM.get(kind if origin is None else origin)
    if check is None:
        check = _wrong_plain if origin is None else _wrong_members
    return check(value, kind, depth)


def _wrong_plain(value: object, kind: Any, depth: int) -> Wrong | None:
    """kind: a class without arguments, or a form that takes everything."""
    if not isinstance(kind, type):
        supertype = getattr(kind, "__supertype__", Any)
        return first_wrong(value, supertype, depth)
    if getattr(kind, "_is_protocol", False):
        return _not_capable(value, kind, depth)
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = whole or isinstance(value, float) if kind is float else whole if kind is int else isinstance(value, kind)
    if not fits:
        return Wrong("", found(value), expected(kind))
    if isinstance(value, str | float):
        return _wrong_scalar(value)
    return _wrong_field(value, kind, depth) if dataclasses.is_dataclass(kind) else None


def _wrong_scalar(value: str | float) -> Wrong | None:
    """Text and numbers that Python has and that no file can hold."""
    if isinstance(value, float):
        return Wrong("", "nan", "a number") if math.isnan(value) else None
    try:
        value.isascii() or value.encode()
    except UnicodeEncodeError:
        return Wrong("", "a str that is not Unicode text", "text without lone surrogates")
    return None


def _wrong_field(value: object, kind: type, depth: int) -> Wrong | None:
    for name, annotation in fields_of(kind).items():
        if not hasattr(value, name):
            return Wrong(f".{name}", "missing", expected(annotation))
        wrong = first_wrong(getattr(value, name), annotation, depth + 1)
        if wrong:
            return wrong.within(f".{name}")
    rule = getattr(kind, "problem", None)
    problem: tuple[str, str] | None = rule(value) if rule else None
    return Wrong(f".{problem[0]}", found(getattr(value, problem[0])), problem[1]) if problem else None


def _wrong_members(value: object, kind: Any, depth: int) -> Wrong | None:
    """kind: a class with arguments, such as `frozenset[str]`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if not isinstance(origin, type) or origin is type:
        return None
    if not isinstance(value, origin) or isinstance(value, str | bytes):
        return Wrong("", found(value), expected(kind))
    if isinstance(value, Sequence | AbstractSet) and len(arguments) == 1:
        return _first(((member, arguments[0]) for member in value), depth)
    return None


def _wrong_tuple(value: object, kind: Any, depth: int) -> Wrong | None:
    arguments = typing.get_args(kind)
    if not isinstance(value, tuple):
        return Wrong("", found(value), expected(kind))
    if arguments[-1:] == (Ellipsis,):
        return _first(((member, arguments[0]) for member in value), depth)
    if len(arguments) != len(value):
        return Wrong("", f"a tuple of {len(value)}", f"one of {len(arguments)}, {expected(kind)}")
    return _first(zip(value, arguments, strict=True), depth)


def _first(members: Iterable[tuple[object, Any]], depth: int) -> Wrong | None:
    for at, (member, kind) in enumerate(members):
        wrong = first_wrong(member, kind, depth + 1)
        if wrong:
            return wrong.within(f"[{at}]")
    return None


def _wrong_mapping(value: object, kind: Any, depth: int) -> Wrong | None:
    if not isinstance(value, Mapping):
        return Wrong("", found(value), expected(kind))
    key_kind, member_kind = typing.get_args(kind) or (Any, Any)
    for key, member in value.items():
        wrong = first_wrong(key, key_kind, depth + 1)
        if wrong:
            return wrong.within(" has a key that")
        wrong = first_wrong(member, member_kind, depth + 1)
        if wrong:
            return wrong.within(f"[{key!r}]")
    return None


def _none_fits(value: object, kind: Any, depth: int) -> Wrong | None:
    """Of a union that does not fit, the reason that lies deepest: a Place with a wrong line is meant to be a Place."""
    deepest = Wrong("", found(value), expected(kind))
    for choice in typing.get_args(kind):
        wrong = first_wrong(value, choice, depth + 1)
        if wrong is None:
            return None
        if len(wrong.where) > len(deepest.where):
            deepest = wrong
    return deepest


def _no_literal(value: object, kind: Any, depth: int) -> Wrong | None:  # noqa: ARG001
    fits = any(value == one and type(value) is type(one) for one in typing.get_args(kind))
    return None if fits else Wrong("", found(value), expected(kind))


def _not_none(value: object, kind: Any, depth: int) -> Wrong | None:  # noqa: ARG001
    return None if value is None else Wrong("", found(value), expected(kind))


def _no_function(value: object, kind: Any, depth: int) -> Wrong | None:  # noqa: ARG001
    return None if callable(value) else Wrong("", found(value), expected(kind))


def _wrong_annotated(value: object, kind: Any, depth: int) -> Wrong | None:
    within, *remarks = typing.get_args(kind)
    return (_not_json if JSON in remarks else first_wrong)(value, within, depth)


def _not_json(value: object, kind: Any, depth: int) -> Wrong | None:
    """As first_wrong for JSON data, of which there is most: without a look at annotations on the way down."""
    if depth > DEEPEST:
        return Wrong("", "nested too deeply", f"at most {DEEPEST} levels")
    if isinstance(value, str | float):
        infinite = isinstance(value, float) and math.isinf(value)
        return Wrong("", str(value), "a number that JSON can hold") if infinite else _wrong_scalar(value)
    if isinstance(value, Mapping | list | tuple):
        return _not_json_inside(value, kind, depth)
    return None if value is None or isinstance(value, int) else Wrong("", found(value), "JSON data")


def _not_json_inside(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], kind: Any, depth: int) -> Wrong | None:
    for key, member in value.items() if isinstance(value, Mapping) else enumerate(value):
        if isinstance(value, Mapping) and not isinstance(key, str):
            return Wrong(" has a key that", found(key), "a str")
        wrong = (_wrong_scalar(key) if isinstance(key, str) else None) or _not_json(member, kind, depth + 1)
        if wrong:
            return wrong.within(f"[{key!r}]")
    return None


def _anything(value: object, kind: Any, depth: int) -> Wrong | None:  # noqa: ARG001
    return None


_BY_FORM: Mapping[Any, Check] = {
    Any: _anything,
    object: _anything,
    typing.Annotated: _wrong_annotated,
    typing.Union: _none_fits,
    types.UnionType: _none_fits,
    typing.Literal: _no_literal,
    None: _not_none,
    types.NoneType: _not_none,
    tuple: _wrong_tuple,
    Mapping: _wrong_mapping,
    Callable: _no_function,
}


def _not_capable(value: object, protocol: type, depth: int) -> Wrong | None:
    """Whether a value can what a protocol asks: its methods are there, its properties have a value of their type."""
    for name, annotation in _abilities(protocol).items():
        try:
            member = getattr(value, name)
        except AttributeError:
            return Wrong("", found(value), f"{expected(protocol)}, which has {name}")
        wrong = first_wrong(member, annotation, depth + 1)
        if wrong:
            return wrong.within(f".{name}")
    return None


@cache
def _abilities(protocol: type) -> Mapping[str, Any]:
    """Name -> annotation of everything that a protocol asks for, as written."""
    asked: dict[str, Any] = {}
    for base in reversed(protocol.__mro__):
        if getattr(base, "_is_protocol", False) and base is not typing.Protocol:
            for name, member in vars(base).items():
                if isinstance(member, property):
                    asked[name] = fields_of(protocol, member.fget).get("return", Any)
                elif not name.startswith("_") and callable(member):
                    asked[name] = Callable
            asked |= {name: kind for name, kind in fields_of(base).items() if not name.startswith("_")}
    return asked
