"""Start commands that leave it to a package manager to find a member of a workspace: `pnpm --filter shop run prod`."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hivemind.text.file_formats import json_object

if TYPE_CHECKING:
    from hivemind.builds.sources import Sources

_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_OPTIONS = frozenset({"-w", "--workspace", "--prefix", "-C", "--dir", "--cwd", "--filter", "-F"})
"""That name a member (documentation of npm, "workspaces"; pnpm, "Filtering"; yarn, "workspace"; bun, "--filter")."""
_FILE = "package.json"


def within(sources: Sources, command: str) -> str | None:
    """What a manager would run, in the member's folder and with its tools first on the PATH. None for other commands,
    and where there is no such member or script."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if not words or words[0] not in _MANAGERS:
        return None
    named, rest = _parted(words[1:])
    place = _place(sources, named) if named and len(rest) == 1 else None
    scripts = _package(sources, f"{place}/{_FILE}").get("scripts") if place else None
    text = scripts.get(rest[0]) if isinstance(scripts, Mapping) else None
    if place is None or not isinstance(text, str):
        return None
    return f'cd {shlex.quote(place)} && env PATH="$PWD/node_modules/.bin:$PATH" {text}'


def _parted(words: Iterable[str]) -> tuple[str | None, list[str]]:
    """The member that is named, and the script, without `run`."""
    named, rest, left = None, list[str](), list(words)
    while left:
        option, equals, value = left.pop(0).partition("=")
        if option in _OPTIONS or (option == "workspace" and not rest and not equals):
            named = value if equals else (left.pop(0) if left else None)
        elif not option.startswith("-") and option not in {"run", "run-script"}:
            rest.append(option + equals + value)
    return named, rest


def _place(sources: Sources, named: str) -> str | None:
    path = posixpath.normpath(named)
    if path != "." and f"{path}/{_FILE}" in sources.files:
        return path
    places = (file.rpartition("/")[0] for file in sources.files if file.endswith(f"/{_FILE}") and file.count("/") <= 3)
    return next((place for place in places if _package(sources, f"{place}/{_FILE}").get("name") == named), None)


def _package(sources: Sources, file: str) -> dict[str, Any]:
    return json_object(sources.text(file))
