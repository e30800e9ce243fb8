"""Packages whose names are imported when they are first used, so that importing the package costs nothing."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` itself would have to be imported for it
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def on_first_use(namespace: dict[str, Any], homes: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """A module's `__getattr__` (PEP 562).

    namespace: the module's `globals()`, where a name is kept once it was used. homes: module below `hivemind.` ->
    the names, or modules, that it has. An unknown name is an AttributeError.
    """
    modules = {name: module for module, names in homes.items() for name in names}

    def getattribute(name: str) -> object:
        from importlib import import_module

        if name not in modules:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        home = import_module(f"hivemind.{modules[name]}")
        try:
            value = getattr(home, name)
        except AttributeError:  # a module of a package
            value = import_module(f"{home.__name__}.{name}")
        namespace[name] = value
        return value

    return getattribute
