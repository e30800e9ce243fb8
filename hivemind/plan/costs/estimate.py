"""What a template costs a month, and what a change of it makes of that. Pure.

It knows templates alone, so that two of any kind can be compared: before and after, production and stage-1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hivemind.plan.costs import table
from hivemind.plan.costs.items import Item, items
from hivemind.plan.costs.model import Cost, CostLine

BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")
_COUNTED = frozenset({"public address", "NAT gateway", "load balancer", "secret", "VPC endpoint"})


def estimate(after: Mapping[str, Any], part_of: Callable[[str], str], before: Mapping[str, Any] | None = None) -> Cost:
    """The cost of a template.

    after, before: with parameters' values in place; before: as deployed, None where nothing is. part_of: logical id ->
    the part of the blueprint that it belongs to.
    """
    now = tuple(items(after))
    former = tuple(items(before)) if before is not None else ()
    parts = sorted({part_of(one.logical_id) for one in (*now, *former) if one.month is not None})
    lines = tuple(_line(part, _of(part, now, part_of), _of(part, former, part_of)) for part in parts)
    since, until = table.as_of()
    sizes = {one.what for one in now}
    return Cost(
        monthly=round(sum(line.monthly for line in lines), 2),
        before=None if before is None else round(sum(line.before for line in lines), 2),
        lines=lines,
        unpriced=_words([one for one in now if one.month is None]),
        region=table.REGION,
        since=since,
        until=until,
        most=_most(now),
        bursting=tuple(family[:-1] for family in BURSTABLE if any(size.startswith(family) for size in sizes)),
    )


def _most(now: Iterable[Item]) -> float | None:
    priced = [one for one in now if one.month is not None]
    if all(one.most in (None, one.count) for one in priced):
        return None
    return round(sum((one.month or 0) * (one.count if one.most is None else one.most) for one in priced), 2)


def _of(part: str, found: Iterable[Item], part_of: Callable[[str], str]) -> list[Item]:
    return [one for one in found if one.month is not None and part_of(one.logical_id) == part]


def _line(part: str, now: list[Item], former: list[Item]) -> CostLine:
    return CostLine(part, ", ".join(_words(now or former)), _sum(now), _sum(former))


def _sum(found: Iterable[Item]) -> float:
    return round(sum(one.count * (one.month or 0) for one in found), 2)


def _words(found: Iterable[Item]) -> tuple[str, ...]:
    """`2 t3.micro`, `3 public addresses`, in the order in which they come."""
    counts: dict[str, float] = {}
    for one in found:
        counts[one.what] = counts.get(one.what, 0) + one.count
    return tuple(f"{count:g} {_plural(what) if count != 1 else what}" for what, count in counts.items())


def _plural(what: str) -> str:
    if what not in _COUNTED:
        return what
    return f"{what}es" if what.endswith("s") else f"{what}s"
