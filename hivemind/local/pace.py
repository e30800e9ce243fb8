"""How fast time passes in the local cloud: how long resources take, and how quickly health checks and draining run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from hivemind.local.files import read_json, write_json
from hivemind.template.average_seconds import AVERAGE_SECONDS

OTHERWISE = 16.0
"""Seconds of a type whose average is not known."""
_FILE = "pace.json"


@dataclass(frozen=True)
class Pace:
    """resources: what AWS's average times are divided by, None for no time at all. probes: how many times faster
    than AWS health checks and draining run."""

    name: str
    resources: float | None
    probes: float

    def seconds(self, resource_type: str) -> float:
        """How long an operation of a type takes beside its work."""
        return 0.0 if self.resources is None else AVERAGE_SECONDS.get(resource_type, OTHERWISE) / self.resources


PACES: Mapping[str, Pace] = MappingProxyType(
    {
        one.name: one
        for one in (Pace("real", 1.0, 1.0), Pace("fast", 2000.0, 30.0), Pace("instant", None, 120.0))
    }
)  # fmt: skip
DEFAULT = PACES["fast"]
MOST = 2000
"""The largest number that a pace can be."""


def called(name: str) -> Pace:
    """The pace with a name: one of `PACES`, or a whole number, how many times faster than AWS all of it is.

    Raises KeyError for a name that is none.
    """
    if name.isascii() and name.isdigit() and 1 <= int(name) <= MOST:
        return Pace(str(int(name)), float(name), float(name))
    return PACES[name]


def chosen(directory: Path, name: str | None = None) -> Pace:
    """The pace of the local cloud with this data. name: a new one, which is kept; None: as the last time.

    Raises KeyError for a name that is none.
    """
    path = directory / _FILE
    if name is not None:
        pace = called(name)
        write_json(path, pace.name)
        return pace
    try:
        return called(str(read_json(path, DEFAULT.name)))
    except KeyError:
        return DEFAULT
