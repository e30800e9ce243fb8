"""What a deployment costs a month, as a plan holds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CostLine:
    """One part's cost a month in US dollars. path: of the blueprint (`services.web`). what: counted words, such as
    `2 t3.micro, 32 GB disk`, of what it will be, or of what it was where it goes. before: now, 0 without any."""

    path: str
    what: str
    monthly: float
    before: float


@dataclass(frozen=True)
class Cost:
    """What everything costs a month in US dollars, by list prices and without what is billed by use.

    before: of what is deployed, None where nothing is. unpriced: what has a price that is not known, in words, which
    `monthly` leaves out. region: of the prices. since, until: days of the oldest and the newest of them. bursting:
    instance families that bill processor time above their baseline on top. in_stage_1: the same services and resources
    in stage-1, where that was asked. most: when Auto Scaling groups have all their instances, None where there is no
    group that grows. proposals: what would cost less, a paragraph each that begins with the id of its
    finding."""

    monthly: float
    before: float | None
    lines: tuple[CostLine, ...]
    unpriced: tuple[str, ...] = ()
    region: str = ""
    since: str = ""
    until: str = ""
    bursting: tuple[str, ...] = ()
    in_stage_1: float | None = None
    proposals: tuple[str, ...] = ()
    most: float | None = None
