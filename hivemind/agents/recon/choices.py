"""What detections come to together: databases one of which is enough, processes called `web` that are none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hivemind.agents.recon.languages.python.django_databases import POSTGRESQL
from hivemind.detections.detection import LIKELY, Detection, Precedence, all_of

_SQL = ("postgres", "mysql", "sqlserver")
"""In the order in which one of several is taken."""
_UNLIKELY = 0.1
_CERTAIN = 0.8


def settled(found: Iterable[Detection]) -> list[Detection]:
    """The detections as they count together."""
    return _asked_for(_one_database(_called_web(_of_clojure(list(found)))))


def _asked_for(known: list[Detection]) -> list[Detection]:
    """Without what chooses PostgreSQL in settings that know several, where that is none of the needs."""
    needs = {each.value for each in known if each.field == "need" and each.confidence >= LIKELY}
    return [each for each in known if "postgres" in needs or each.note != POSTGRESQL]


def _of_clojure(found: list[Detection]) -> list[Detection]:
    """`java` runs what is written in Clojure, too: where only that is there, a command says Clojure."""
    spoken = {each.language for each in found if each.field == "language" and each.language}
    if "clojure" not in spoken or "java" in spoken:
        return found
    return [
        replace(each, value="clojure") if each.field == "language" and each.value == "java"
        else replace(each, language="clojure") if each.language == "java"
        else each
        for each in found
    ]  # fmt: skip


def _called_web(found: list[Detection]) -> list[Detection]:
    """Without a Procfile's word that an application is `web`, where it depends on what only bots and consumers use and
    its process is not told a port: platforms start a process of that name whether it serves or not, and Heroku's own
    documentation ("The Procfile") asks of it that it binds $PORT."""
    runs = any(
        each.field == "kind" and each.value == "worker" and each.confidence >= _CERTAIN and each.language
        for each in found
    )
    told = any(each.field == "start" and each.file.endswith("Procfile") and "PORT" in str(each.value) for each in found)
    if not runs or told:
        return found
    return [each for each in found if not (each.field == "kind" and each.file.endswith("Procfile"))]


def _one_database(known: list[Detection]) -> list[Detection]:
    """One SQL database as a need where drivers alone speak for several.

    An application that brings the drivers of several lets its users choose: the one that files for production or
    containers provide is kept, else the first of those that HiveMind knows best. The others stay as what it could use.
    """
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
