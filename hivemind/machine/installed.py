"""What is installed beside HiveMind: entry points of plugins, and versions.

Reading the metadata of all distributions takes longer than most commands; what was read is remembered for as long
as no folder that Python imports from has changed, which every installer changes when it adds or replaces something.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import astuple, dataclass

from hivemind.machine import home
from hivemind.machine.memory import Memory
from hivemind.values.clock import SYSTEM_CLOCK
from hivemind.values.version import __version__

GROUP = "hivemind"
JUDGES = ("cfn-lint", "jsonschema")
"""Distributions whose word is remembered, for as long as it is their version's."""
UNSETTLED = 10.0
"""Seconds after a folder's last change for which nothing is kept: an installer may be at work in it."""


@dataclass(frozen=True)
class EntryPoint:
    """An entry point of the group `hivemind`. value: `module:attribute`. distribution, version: whose it is, None
    where its metadata does not tell."""

    name: str
    value: str
    distribution: str | None
    version: str | None


@dataclass(frozen=True)
class _Installed:
    versions: dict[str, str]
    points: tuple[EntryPoint, ...]


_seen: dict[str, _Installed] = {}


def version(distribution: str) -> str:
    """The version of one of JUDGES; `none` where it is not installed."""
    assert distribution in JUDGES
    return _installed().versions.get(distribution, "none")


def judges(*distributions: str) -> list[str]:
    """Each with its version: `jsonschema 4.26.0`."""
    return [f"{one} {version(one)}" for one in distributions]


def entry_points() -> tuple[EntryPoint, ...]:
    """Those of plugins, sorted by name, distribution and value."""
    return _installed().points


def _installed() -> _Installed:
    state, newest = _state()
    if state in _seen:
        return _seen[state]
    known = Memory(home.caches() / "installed", __version__)
    found = _understood(known.recall(state))
    if found is None:
        found = _read()
        if SYSTEM_CLOCK.now().timestamp() - newest >= UNSETTLED:
            known.keep(state, json.dumps([found.versions, [astuple(point) for point in found.points]]))
    _seen[state] = found
    return found


def _state() -> tuple[str, float]:
    """The folders that are imported from, each with the time of its last change; the latest of these times."""
    found, newest = [sys.version], 0.0
    for folder in dict.fromkeys(os.path.abspath(entry or os.curdir) for entry in sys.path):  # noqa: PTH100 - a text
        try:
            changed = os.stat(folder).st_mtime_ns  # noqa: PTH116 - a text
        except OSError:
            continue
        found.append(f"{folder} {changed}")
        newest = max(newest, changed / 1e9)
    return "\n".join(found), newest


def _understood(text: str | None) -> _Installed | None:
    try:
        versions, points = json.loads(text or "")
        return _Installed(versions, tuple(EntryPoint(*point) for point in points))
    except (ValueError, TypeError):
        return None


def _read() -> _Installed:
    from importlib import metadata

    found = {
        EntryPoint(point.name, point.value, point.dist.name, point.dist.version)
        if point.dist
        else EntryPoint(point.name, point.value, None, None)
        for point in metadata.entry_points(group=GROUP)
    }
    versions = {}
    for name in JUDGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    points = sorted(found, key=lambda point: (point.name, point.distribution or "", point.value))
    return _Installed(versions, tuple(points))
