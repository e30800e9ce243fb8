"""Whether Node's lock files still say what package.json says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind.agents.compiler.node.tools import Manager, package_json
from hivemind.builds.sources import Sources

_TABLES = ("dependencies", "devDependencies", "optionalDependencies")


@dataclass(frozen=True)
class Difference:
    """name: of a dependency. asked: as package.json has it. locked: as the lock has it, None where it has none."""

    name: str
    asked: str
    locked: str | None


class Unreadable(Exception):
    """A lock file that can't be read; the message says why."""


def differences(sources: Sources, manager: Manager, folder: str = ".") -> tuple[Difference, ...]:
    """What the package.json in a folder asks for and the lock at the top does not know. Raises Unreadable."""
    text = sources.text(manager.lock) if manager.lock else None
    if text is None or manager.lock == "bun.lockb":
        return ()
    package, top = package_json(sources, folder), package_json(sources)
    # A range that the manifest overrides stands in the lock in its overridden form.
    other = {**_mapping(top.get("resolutions")), **_mapping(_mapping(top.get("pnpm")).get("overrides"))}
    asked = {
        name: str(spec)
        for table in _TABLES
        for name, spec in _mapping(package.get(table)).items()
        if name not in other and not re.search(rf"(?m)^\s+'?{re.escape(name)}'?: .*$", _overrides(text))
    }
    if manager.lock == "yarn.lock":
        return tuple(_yarn(text, asked))
    held = _held(str(manager.lock), text, folder)
    if held is None:
        return ()
    return tuple(
        Difference(name, spec, held.get(name)) for name, spec in sorted(asked.items()) if held.get(name) != spec
    )


def _overrides(text: str) -> str:
    """The part of pnpm's lock that says what was overridden in the workspace's settings."""
    match = re.search(r"(?m)^overrides:\n((?:[ \t].*\n)+)", text)
    return match[1] if match else ""


def _held(lock: str, text: str, folder: str) -> dict[str, str] | None:
    """Name -> what was asked for when the lock was made; None where the lock does not tell."""
    inside = "" if folder == "." else folder
    try:
        if lock == "pnpm-lock.yaml":
            return _pnpm(text, folder)
        if lock == "bun.lock":
            root = _mapping(json.loads(re.sub(r",(\s*[}\]])", r"\1", text)).get("workspaces")).get(inside)
        else:
            root = _mapping(json.loads(text).get("packages")).get(inside)
    except (ValueError, AttributeError, RecursionError) as error:
        raise Unreadable(f"cannot read {lock}: {error}") from error
    if not isinstance(root, Mapping):
        return None
    return {name: str(spec) for table in _TABLES for name, spec in _mapping(root.get(table)).items()}


def _pnpm(text: str, folder: str) -> dict[str, str] | None:
    import yaml

    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise Unreadable(f"cannot read pnpm-lock.yaml{f':{where.line + 1}' if where else ''}") from error
    content = _mapping(content)
    if "importers" not in content:
        return {name: str(spec) for name, spec in _mapping(content.get("specifiers")).items()} or None
    root = _mapping(_mapping(content["importers"]).get(folder))
    return {
        name: str(_mapping(entry).get("specifier"))
        for table in _TABLES
        for name, entry in _mapping(root.get(table)).items()
    }


def _yarn(text: str, asked: Mapping[str, str]) -> Iterator[Difference]:
    """Keys of yarn's locks are `name@range`, several in a line, in quotes where needed."""
    keys = {
        key.strip().strip('"')
        for line in text.splitlines()
        if line.endswith(":")
        for key in line[:-1].strip('"').split(",")
    }
    known = {key.replace("@npm:", "@") for key in keys}
    for name, spec in sorted(asked.items()):
        if re.match(r"[\w.^~<>=|*\s-]+$", spec) and f"{name}@{spec}" not in known:
            locked = next((key.rpartition("@")[2] for key in known if key.rpartition("@")[0] == name), None)
            yield Difference(name, spec, locked)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
