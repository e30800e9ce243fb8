"""Annotations as types: of dataclasses and hooks, those imported under TYPE_CHECKING too."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import sys
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any, TypeAlias

JSON = "JSON"
Json: TypeAlias = Annotated[Any, JSON]
"""Data that JSON can hold, as in a template or a schema. Any mapping is an object, a tuple is a list as well."""


_BLOCK = re.compile(r"^if [^\n]*TYPE_CHECKING[^\n]*\n(?:[ \t]+[^\n]*\n|[ \t]*\n)+", re.MULTILINE)


@cache
def answer_of(function: Any) -> Any:
    """The type that a function is annotated to return. Raises NameError for a name that its module does not import."""
    module = sys.modules[function.__module__]
    only = SimpleNamespace(__annotations__={"return": function.__annotations__["return"]})
    return typing.get_type_hints(only, vars(module), _Imported(module), include_extras=True)["return"]


@cache
def fields_of(kind: type, function: Any = None) -> Mapping[str, Any]:
    """Field -> type of a dataclass; of another class the annotations of its body; with a function of it, that one's
    arguments and `return`. Raises NameError as `answer_of` does."""
    modules = [sys.modules[base.__module__] for base in kind.__mro__ if base.__module__ in sys.modules]
    hints = typing.get_type_hints(
        function or kind, None if function is None else function.__globals__, _Imported(*modules), include_extras=True
    )
    if function is None and dataclasses.is_dataclass(kind):
        return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
    return hints


class _Imported(dict[str, Any]):
    """Names that modules import for type checkers only, each imported when an annotation asks for it."""

    def __init__(self, *modules: ModuleType) -> None:
        super().__init__()
        self._modules = modules

    def __missing__(self, name: str) -> Any:
        for module in self._modules:
            if name in vars(module):
                raise KeyError(name)  # it is a global of the module: Python finds it there
            if name in (known := _for_type_checkers(module)):
                self[name] = _imported(*known[name])
                return self[name]
        raise KeyError(name)


@cache
def _for_type_checkers(module: ModuleType) -> Mapping[str, tuple[str, str | None]]:
    """Name -> (module, attribute) of the imports under `if TYPE_CHECKING`."""
    file = getattr(module, "__file__", None)
    if file is None or not file.endswith(".py"):
        return {}
    names: dict[str, tuple[str, str | None]] = {}
    for block in _blocks(Path(file).read_text(encoding="utf-8")):
        for node in block.body:
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names |= {each.asname or each.name: (node.module, each.name) for each in node.names}
            elif isinstance(node, ast.Import):
                names |= {each.asname or each.name.partition(".")[0]: (each.name, None) for each in node.names}
    return names


def _blocks(source: str) -> list[ast.If]:
    """The blocks `if TYPE_CHECKING:` of a module. Only they are parsed, which takes a twentieth of the whole; all of it
    where what begins like one is something else, as in a text of several lines."""
    found = _BLOCK.findall(source)
    try:
        parsed = [ast.parse(text).body[0] for text in found]
    except SyntaxError:
        parsed = ast.parse(source).body
    return [one for one in parsed if isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test)]


def _imported(module: str, name: str | None) -> Any:
    """`from package import name` can mean a module of the package."""
    found = importlib.import_module(module)
    if name is None:
        return found
    return getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{module}.{name}")
