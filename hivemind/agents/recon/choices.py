"""Databases that an application can use one instead of the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hivemind.detection import LIKELY, Detection, Precedence, all_of

_SQL = ("postgres", "mysql", "sqlserver")
"""In the order in which one of several is taken."""
_UNLIKELY = 0.1


def settled(found: Iterable[Detection]) -> list[Detection]:
    """The detections, with one SQL database as a need where drivers alone speak for several.

    An application that brings the drivers of several lets its users choose: the one that files for production or
    containers provide is kept, else the first of those that HiveMind knows best. The others stay as what it could use.
    """
    known = list(found)
    likely = {str(each.value): each for each in all_of(known, "need") if each.value in _SQL}
    if len(likely) < 2:
        return known
    provided = {
        str(each.value)
        for each in known
        if each.field == "need" and each.confidence >= LIKELY and _is_provided(each) and each.value in likely
    }
    kept = provided or {min(likely, key=_SQL.index)}
    return [
        replace(each, confidence=min(each.confidence, _UNLIKELY))
        if each.field == "need" and each.value in likely and each.value not in kept
        else each
        for each in known
    ]


def _is_provided(each: Detection) -> bool:
    return each.precedence in {Precedence.DECLARED_FOR_PRODUCTION, Precedence.CONTAINER}
