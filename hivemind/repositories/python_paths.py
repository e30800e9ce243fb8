"""Paths that Python code puts together out of where its file is: `os.path.join(os.path.dirname(__file__), "up")`,
`Path(__file__).resolve().parent / "up"`, and names that stand for such. Pure."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping

_DEEPEST = 12
_LONGEST = 300


def called(text: str, file: str, function: str) -> list[tuple[str, int]]:
    """The paths that calls of a function, `Config(...)`, at the top of a module have as their first argument, with
    their lines (1-based). file: the module's path: what is found is relative to the same folder."""
    found = []
    named: dict[str, ast.expr] = {}
    for node in _assignments(text, named):
        call = node.value
        if isinstance(call, ast.Call) and _last(call.func) == function and call.args:
            path = _path(call.args[0], named, file, 0)
            found += [(posixpath.normpath(path), node.lineno)] if path else []
    return found


def assigned(text: str, file: str, name: str) -> str | None:
    """The path that a name at the top of a module stands for, relative to the folder that `file` is relative to. None
    where it is none, or can't be told."""
    named: dict[str, ast.expr] = {}
    _assignments(text, named)
    path = _path(named[name], named, file, 0) if name in named else None
    return posixpath.normpath(path) if path else None


def around(text: str, file: str, part: str, line: int) -> str | None:
    """The path that the whole expression stands for in which the text `part` is at `line` (1-based), as
    `os.path.join(BASE_DIR, "data", "shop.db")` for `shop.db`; relative to the folder that `file` is relative to. None
    where it can't be told."""
    named: dict[str, ast.expr] = {}
    _assignments(text, named)
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = [
        path
        for node in nodes
        if isinstance(node, ast.Call | ast.BinOp) and node.lineno <= line <= (node.end_lineno or line)
        if any(isinstance(each, ast.Constant) and each.value == part and each.lineno == line for each in ast.walk(node))
        if (path := _path(node, named, file, 0)) is not None
    ]
    return posixpath.normpath(max(found, key=len)) if found else None


def _assignments(text: str, named: dict[str, ast.expr]) -> list[ast.Assign]:
    """The assignments to a name at the top of a module, which are put into `named`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    named.update({node.targets[0].id: node.value for node in found if isinstance(node.targets[0], ast.Name)})
    return found


def _path(node: ast.expr, named: Mapping[str, ast.expr], file: str, depth: int) -> str | None:
    """The path that an expression stands for; None where it is none."""
    if depth > _DEEPEST:
        return None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) and len(node.value) <= _LONGEST else None
    if isinstance(node, ast.Name):
        known = named.get(node.id)
        return file if node.id == "__file__" else None if known is None else _path(known, named, file, depth + 1)
    if isinstance(node, ast.Attribute) and node.attr == "parent":
        return _above(node.value, named, file, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _joined([node.left, node.right], named, file, depth)
    return _of_call(node, named, file, depth) if isinstance(node, ast.Call) else None


def _of_call(node: ast.Call, named: Mapping[str, ast.expr], file: str, depth: int) -> str | None:
    name = _last(node.func)
    if name in {"resolve", "absolute"} and isinstance(node.func, ast.Attribute):
        return _path(node.func.value, named, file, depth + 1)
    if name == "join":
        return _joined(node.args, named, file, depth)
    if name == "dirname" and len(node.args) == 1:
        return _above(node.args[0], named, file, depth)
    if name in {"realpath", "abspath", "Path", "str"} and len(node.args) == 1:
        return _path(node.args[0], named, file, depth + 1)
    return None


def _above(node: ast.expr, named: Mapping[str, ast.expr], file: str, depth: int) -> str | None:
    """The folder that a path lies in."""
    inner = _path(node, named, file, depth + 1)
    if inner is None or inner == ".":
        return None if inner is None else ".."
    return posixpath.dirname(inner) or "."


def _joined(parts: list[ast.expr], named: Mapping[str, ast.expr], file: str, depth: int) -> str | None:
    found = [_path(part, named, file, depth + 1) for part in parts]
    return None if None in found or not found else posixpath.join(*(part or "" for part in found))


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
