"""Sizes with a Graviton processor in place of others, where they cost less. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hivemind.blueprint.sizes import CACHE_FAMILIES, DATABASE_FAMILIES, INSTANCE_FAMILIES
from hivemind.plan.costs.table import monthly

_FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "t2": "t4g", "t3": "t4g", "t3a": "t4g", "m5": "m7g", "m5a": "m7g", "m6i": "m7g", "m6a": "m7g", "m7i": "m7g",
        "m7a": "m7g", "c5": "c7g", "c5a": "c7g", "c6i": "c7g", "c6a": "c7g", "c7i": "c7g", "c7a": "c7g", "r5": "r7g",
        "r5a": "r7g", "r6i": "r7g", "r6a": "r7g", "r7i": "r7g", "r7a": "r7g",
    }
)  # fmt: skip
"""Family -> one of the same memory for each vCPU (Amazon EC2 instance types)."""
_KNOWN = {
    "instance": ("", INSTANCE_FAMILIES),
    "database": ("db.", DATABASE_FAMILIES),
    "cache": ("cache.", CACHE_FAMILIES),
}


def cheaper(kind: str, size: str) -> tuple[str, float, float] | None:
    """A Graviton size that is as large as `size` and costs less, with both prices in US dollars a month: that of `size`
    first. None where there is none, or a price is not known. kind: `instance`, `database` or `cache`."""
    prefix, families = _KNOWN[kind]
    family, _, rest = size.removeprefix(prefix).partition(".")
    other = _FAMILIES.get(family, "")
    if rest not in families.get(other, ()):
        return None
    now, then = monthly(kind, size), monthly(kind, f"{prefix}{other}.{rest}")
    return (f"{prefix}{other}.{rest}", now, then) if now is not None and then is not None and then < now else None
