"""Migrations that do not begin with an empty database: Alembic's first revision changes tables that it does not make,
as where an application made its tables by SQLAlchemy's `create_all` before it had migrations. Alembic's documentation
("Cookbook", "Building an Up to Date Database from Scratch") makes the tables and stamps the newest revision instead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.python.environment_reads import dotted, text_of

_MOST, _LARGEST = 500, 200_000
_BASE = re.compile(r"^down_revision\b[^=\n]*=\s*None\b", re.MULTILINE)
_OF_TABLES = {
    "drop_table": ("table_name", 0), "add_column": ("table_name", 0), "drop_column": ("table_name", 0),
    "alter_column": ("table_name", 0), "batch_alter_table": ("table_name", 0), "create_index": ("table_name", 1),
    "drop_index": ("table_name", 1), "create_foreign_key": ("source_table", 1),
    "create_unique_constraint": ("table_name", 1), "drop_constraint": ("table_name", 1),
}  # fmt: skip
"""Operations on a table that is there: the name and position of the argument that names it (Alembic, "Operation
Reference")."""
_OF_EXTENSIONS = frozenset({"spatial_ref_sys"})
"""Tables that an extension of the database makes (PostGIS)."""
_SHOWN = "^[[:alnum:]_]+( [(]|$)"
"""A revision as `alembic current` prints it, as `ae1027a6acf (head)`."""


@dataclass(frozen=True)
class TakenForGranted:
    """The first table that the first revision changes and does not make. line: 1-based."""

    table: str
    file: str
    line: int


def taken_for_granted(folder: Folder, place: str) -> TakenForGranted | None:
    """What the only first revision below `place` expects to be there; None where it makes its tables itself, or does
    more than Alembic's operations, one after another, tell."""
    inside = "versions/" if place == "." else f"{place}/versions/"
    files = [file for file in folder.files if file.startswith(inside) and file.endswith(".py")][:_MOST]
    first = [(file, text) for file in files if _BASE.search(text := folder.text(file, limit=_LARGEST) or "")]
    if len(first) != 1:
        return None
    file, text = first[0]
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    upgrade = next((each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "upgrade"), None)
    return _first(upgrade.body, file) if upgrade else None


def makes_them(folder: Folder, place: str) -> bool:
    """Whether `env.py` makes the tables whenever Alembic runs."""
    return folder.line(f"{place}/env.py".removeprefix("./"), r"^\s*[\w.]+\.create_all\(") is not None


def once(current: str, upgrade: str, made: str) -> str:
    """A command that upgrades a database that has a revision, and makes the tables of any other. current: prints the
    revision. made: makes the tables and stamps the newest revision."""
    shown = f"({current})" if "&&" in current else current
    return f"if {shown} | grep -Eq '{_SHOWN}'; then {upgrade}; else {made}; fi"


def _first(body: list[ast.stmt], file: str) -> TakenForGranted | None:
    made: set[str] = set()
    for call in _operations(body):
        if call is None:
            return None
        name = dotted(call.func).removeprefix("op.")
        if name == "create_table":
            made.add(_argument(call, "table_name", 0) or "")
        elif name in _OF_TABLES:
            table = _argument(call, *_OF_TABLES[name])
            if table and table not in made | _OF_EXTENSIONS:
                return TakenForGranted(table, file, call.lineno)
        else:
            return None
    return None


def _operations(body: list[ast.stmt]) -> Iterator[ast.Call | None]:
    """The calls of a function one after another; None for what may be something else."""
    for statement in body:
        if isinstance(statement, ast.With):
            yield from (each.context_expr if isinstance(each.context_expr, ast.Call) else None
                        for each in statement.items)  # fmt: skip
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield statement.value
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            yield None


def _argument(call: ast.Call, name: str, place: int) -> str | None:
    named = next((word.value for word in call.keywords if word.arg == name), None)
    value = named or (call.args[place] if len(call.args) > place else None)
    return text_of(value) if value is not None else None
