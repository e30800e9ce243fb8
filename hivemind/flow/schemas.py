"""The JSON Schema of hivemind.yaml with the parts of all plugins, and where editors find it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.schema import merged
from hivemind.blueprint.schemafaults import blame
from hivemind.values.defaults import SCHEMA_FILE
from hivemind.values.errors import FindingsError, HiveMindError, Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.plugins.loading import Plugins


def schema_of(plugins: Plugins) -> dict[str, Any]:
    """The schema with the parts of all plugins. Raises FindingsError for parts that are wrong, naming their plugins."""
    parts = {part.plugin: part.result for part in plugins.collect("hivemind_schema")}
    described = plugins.described()
    try:
        if set(described) & set(parts):
            blame({name: part for name, part in parts.items() if name in described}, described)
        return merged(parts, described)
    except FindingsError as error:
        raise FindingsError(plugins.placed(error.findings, "hivemind_schema")) from None


def write_schema(folder: Path, schema: dict[str, Any]) -> Path:
    """Writes it into a folder that is this user's own; returns its path. Raises HiveMindError where that can't be."""
    target = folder / SCHEMA_FILE
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_text(schema), encoding="utf-8")
    except OSError as error:
        message = f"cannot write {target}: {error.strerror}"
        raise HiveMindError(message, hint="Check the folder's permissions.", exit_code=ExitCode.REFUSED) from None
    return target


def write_ignored_schema(folder: Path, schema: dict[str, Any]) -> Path:
    """Writes it into a folder of anybody's, and a .gitignore beside it; returns its path.

    Raises Refused where a link stands in the place of one of them, OSError where one can't be written.
    """
    target = folder / SCHEMA_FILE
    ignore = target.parent / ".gitignore"
    if any(each.is_symlink() for each in (target.parent, target, ignore)):
        raise Refused(f"{target.parent} contains symbolic links", hint="Remove them and run the command again.")
    target.parent.mkdir(exist_ok=True)
    target.write_text(_text(schema), encoding="utf-8")
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")  # the folder ignores itself: the user's own file is not touched
    return target


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
