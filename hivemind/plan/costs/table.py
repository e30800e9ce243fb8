"""List prices of AWS, as far as they are known: `us-east-1.tsv` beside this module, which names its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

REGION = "us-east-1"
HOURS = 730
"""Hours of a month, as AWS's own calculator counts them."""


@dataclass(frozen=True)
class Price:
    """unit: `hour`, `GB-month` or `month`. usd: of one unit. month: of a month, of one GB where the unit is GB-month.
    source, as_of: where it comes from, and of which day (ISO 8601)."""

    unit: str
    usd: float
    month: float
    source: str
    as_of: str


@cache
def table() -> Mapping[tuple[str, str], Price]:
    """All prices, by kind and name: `("instance", "t3.micro")`, `("network", "nat-gateway")`."""
    found = {}
    for line in Path(__file__).with_name(f"{REGION}.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, name, unit, usd, month, source, as_of = line.split("\t")
            found[kind, name] = Price(unit, float(usd), float(month), source, as_of)
    return MappingProxyType(found)


def monthly(kind: str, name: str) -> float | None:
    """US dollars that one of it costs a month, exactly; None where the price is not known."""
    price = table().get((kind, name))
    if price is None:
        return None
    return price.usd * HOURS if price.unit == "hour" else price.usd


def as_of() -> tuple[str, str]:
    """The days of the oldest and of the newest price."""
    days = sorted(price.as_of for price in table().values())
    return days[0], days[-1]
