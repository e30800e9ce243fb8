"""`strategy` of a service: how a new release takes the place of the one that serves, and on which instances."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Way(enum.StrEnum):
    """How a release comes. blue-green: onto new instances beside those that serve, which go afterwards. rolling: onto
    the instances that there are, some at a time. recreate: onto all of them at once, after all were stopped."""

    BLUE_GREEN = "blue-green"
    ROLLING = "rolling"
    RECREATE = "recreate"


class Colour(enum.StrEnum):
    """Of a service's instances, those of one blue-green release. A third one is there for a release that comes while
    another colour is kept as a way back."""

    BLUE = "blue"
    GREEN = "green"
    TEAL = "teal"


@dataclass(frozen=True)
class Strategy:
    """way: as above. batch: rolling: instances that change at a time. bake: blue-green: seconds in which new instances
    must answer before they get requests. keep: blue-green: whether the instances before stay, without requests, until
    the next apply. drain: seconds that connections have to end when an instance leaves the load balancer."""

    way: Way = Way.ROLLING
    batch: int = 1
    bake: int = 10
    keep: bool = False
    drain: int = 30


def strategy_of(said: Any) -> Strategy:
    """A service's `strategy` as written, which the schema accepted; the default where nothing is."""
    if isinstance(said, str):
        return Strategy(Way(said))
    if not isinstance(said, Mapping):
        return Strategy()
    fields = {key: said[key] for key in ("batch", "bake", "keep", "drain") if key in said}
    return Strategy(Way(said.get("type", Way.ROLLING)), **fields)


def way_of(said: Any) -> str | None:
    """The way that a `strategy`, which may be malformed, names; None where it names none."""
    way = said.get("type") if isinstance(said, Mapping) else said
    return way if isinstance(way, str) else None
