"""Values that can't be changed by whoever is handed them: dicts and lists that refuse it, all the way down. Pure.

They are dicts and lists still, so that `isinstance`, `==` and `json.dumps` see what they always saw. `copy.deepcopy`
gives plain ones that can be changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar, cast

T = TypeVar("T")
REFUSAL = "a hook cannot change its arguments; copy them with copy.deepcopy"
_ATOMS = frozenset({str, int, float, bool, bytes, type(None)})


class FrozenDict(dict[Any, Any]):
    """A dict that raises TypeError for whatever would change it."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(REFUSAL)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[dict[Any, Any]], tuple[dict[Any, Any]]]:
        return (dict, (dict(self),))


class FrozenList(list[Any]):
    """A list that raises TypeError for whatever would change it."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(REFUSAL)

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return (list, (list(self),))


def frozen(value: T) -> T:
    """The value with nothing in it that can be changed; itself, where there is nothing.

    Looks into dicts, lists, sets, tuples, read-only mappings and frozen dataclasses. Anything else is no data but an
    object with a life of its own (a client, a clock), and is left as it is.
    """
    return cast("T", _frozen(value))


def _frozen(value: Any) -> Any:
    kind = type(value)
    if kind in _ATOMS:
        return value
    for base, freeze in _BY_TYPE:
        if isinstance(value, base):
            return freeze(value)
    return _frozen_fields(value) if _is_frozen_dataclass(kind) else value


def _frozen_mapping(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    members = {key: _frozen(member) for key, member in value.items()}
    return value if all(member is value[key] for key, member in members.items()) else MappingProxyType(members)


def _frozen_tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    members = [_frozen(member) for member in value]
    if all(new is old for new, old in zip(members, value, strict=True)):
        return value
    made = type(value)
    return made(*members) if hasattr(made, "_fields") else tuple(members)


def _frozen_fields(value: Any) -> Any:
    """A dataclass with frozen fields, made without its `__init__`, and without what it had computed from the old."""
    before = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    after = {name: _frozen(member) for name, member in before.items()}
    if all(after[name] is member for name, member in before.items()):
        return value
    made = object.__new__(type(value))
    for name, member in after.items():
        object.__setattr__(made, name, member)
    return made


def _is_frozen_dataclass(kind: Any) -> bool:
    return getattr(getattr(kind, "__dataclass_params__", None), "frozen", False) is True


_BY_TYPE: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (FrozenDict, lambda value: value),
    (FrozenList, lambda value: value),
    (dict, lambda value: FrozenDict({key: _frozen(member) for key, member in value.items()})),
    (list, lambda value: FrozenList(_frozen(member) for member in value)),
    (MappingProxyType, _frozen_mapping),
    (tuple, _frozen_tuple),
    (set, frozenset),
    (bytearray, bytes),
)
