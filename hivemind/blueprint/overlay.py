"""Environments: the overlay of one laid over the rest of the file, with each value's place still known.

Mappings are merged; lists and single values replace; null removes. A mapping laid over a short form
(`health: /up`, `db: postgres`) is merged with the long form of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hivemind.blueprint.source import Source
from hivemind.blueprint.yamltree import Path
from hivemind.values.findings import Finding, Place, Severity

DEFAULT_ENVIRONMENT = "production"
OVERLAID = frozenset(
    (
        "region",
        "account",
        "cloud",
        "require_clean",
        "on_interrupt",
        "hours",
        "domain",
        "zone",
        "certificate",
        "state",
        "role_arn",
        "services",
        "resources",
        "network",
        "checks",
        "tags",
        "overrides",
    )
)
"""Keys of the file that an environment may say anew; it may also say its `stage`."""
_IN_ENV = 3
"""Depth of `services.NAME.env`."""


@dataclass(frozen=True)
class View:
    """The blueprint's data as one environment sees it.

    data: merged, without `environments`. stage: as the environment says, or None. moved: path in `data` ->
    path in the file, for each part that does not stand at the same path there.
    """

    source: Source
    environment: str
    data: Mapping[str, Any]
    moved: Mapping[Path, Path] = field(default_factory=dict)
    stage: str | None = None

    def in_file(self, path: Path) -> Path:
        """The path in the file of what is at `path` in `data`."""
        for end in range(len(path), 0, -1):
            origin = self.moved.get(path[:end])
            if origin is not None:
                return (*origin, *path[end:])
        return path

    def place(self, path: Path, *, key: bool = False) -> Place:
        return self.source.place(self.in_file(path), key=key)

    def written(self, path: Path) -> str | None:
        """A scalar as the file has it."""
        return self.source.written(self.in_file(path))

    def finding(
        self,
        finding_id: str,
        path: Path,
        message: str,
        hint: str | None = None,
        *,
        severity: Severity = Severity.ERROR,
        key: bool = False,
        plugin: str = "hivemind",
    ) -> Finding:
        """A finding on the value (or key) at `path`."""
        return Finding(
            finding_id, severity, message, self.place(path, key=key), hint, plugin, dotted(self.in_file(path))
        )


def dotted(path: Path) -> str:
    """`services.web.needs[0]`."""
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}"
    return shown.removeprefix(".")


def environments_of(source: Source) -> tuple[str, ...]:
    """Names of the environments that the file declares, sorted."""
    declared = source.data.get("environments")
    return tuple(sorted(declared)) if isinstance(declared, dict) else ()


def view_of(source: Source, environment: str) -> View:
    """The file as `environment` sees it. An overlay of a wrong type counts as empty."""
    data = {key: value for key, value in source.data.items() if key != "environments"}
    declared = source.data.get("environments")
    overlay = declared.get(environment) if isinstance(declared, dict) else None
    if not isinstance(overlay, dict) or not overlay:
        return View(source, environment, data)
    moved: dict[Path, Path] = {}
    kept = {key: value for key, value in overlay.items() if key in OVERLAID}
    merged = _merge(data, kept, (), ("environments", environment), moved)
    stage = overlay.get("stage")
    return View(source, environment, merged, moved, stage if isinstance(stage, str) else None)


def _merge(base: dict[str, Any], over: dict[str, Any], path: Path, origin: Path, moved: dict[Path, Path]) -> Any:
    merged = dict(base)
    for name, value in over.items():
        here, there = (*path, name), (*origin, name)
        if value is None and len(path) == _IN_ENV and (path[0], path[2]) == ("services", "env"):
            merged[name] = None  # unset on purpose, also where the rest of the file sets it
            moved[here] = there
        elif value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            below = _long_form(here, base.get(name), moved)
            if not isinstance(below, dict):
                moved[here] = there
                below = {}
            merged[name] = _merge(below, value, here, there, moved)
        else:
            merged[name] = value
            moved[here] = there
    return merged


def _long_form(path: Path, value: Any, moved: dict[Path, Path]) -> Any:
    if not isinstance(value, str):
        return value
    match path:
        case ("services", _, "health"):
            moved[(*path, "path")] = path
            return {"path": value}
        case ("resources", _):
            moved[(*path, "type")] = path
            return {"type": value}
    return value
