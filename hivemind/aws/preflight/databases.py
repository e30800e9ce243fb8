"""H484, H485: whether the region offers the versions and classes of databases, and the versions of caches."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from hivemind.aws.preflight.subject import Subject
from hivemind.template.resource_types import CACHE, DATABASE
from hivemind.text.suggest import did_you_mean, listed
from hivemind.values.findings import Finding, Severity


def databases(subject: Subject) -> Iterator[Finding]:
    """An error for a version that RDS does not offer, and for a class that it does not offer for the version."""
    known: dict[str, frozenset[str]] = {}
    for name, properties in subject.set(DATABASE, "Engine", "EngineVersion", "DBInstanceClass"):
        engine, version, size = (properties.get(key) for key in ("Engine", "EngineVersion", "DBInstanceClass"))
        if not isinstance(engine, str):
            continue
        if engine not in known:
            pages = subject.cloud.client("rds").get_paginator("describe_db_engine_versions").paginate(Engine=engine)
            known[engine] = frozenset(one["EngineVersion"] for page in pages for one in page["DBEngineVersions"])
        fitting = [one for one in known[engine] if _is_of(one, version)]
        if not fitting:
            yield _version(subject, name, engine, str(version), known[engine])
        elif isinstance(size, str):
            yield from _class(subject, name, engine, fitting, size)


def caches(subject: Subject) -> Iterator[Finding]:
    """An error for a version that ElastiCache does not offer."""
    for name, properties in subject.set(CACHE, "Engine", "EngineVersion"):
        engine, version = properties.get("Engine", "redis"), properties.get("EngineVersion")
        if not isinstance(engine, str) or not isinstance(version, str):
            continue
        client = subject.cloud.client("elasticache")
        pages = client.get_paginator("describe_cache_engine_versions").paginate(Engine=engine)
        known = frozenset(one["EngineVersion"] for page in pages for one in page["CacheEngineVersions"])
        if not any(_is_of(one, version) for one in known):
            yield _version(subject, name, engine, version, known)


def _is_of(offered: str, wanted: Any) -> bool:
    """Whether a version is the wanted one, or one of it where that is only its beginning (`17`, `8.0`)."""
    if wanted is None:
        return True
    return offered == wanted or offered.startswith(f"{str(wanted).removesuffix('.x')}.")


def _version(subject: Subject, name: str, engine: str, version: str, known: Collection[str]) -> Finding:
    families = {_family(one, version) for one in known}
    hint = did_you_mean(version, families) or f"Offered are: {listed(families)}."
    message = f"{subject.cloud.region} does not offer {engine} {version}"
    return subject.finding("H484", Severity.ERROR, message, hint, name, "EngineVersion")


def _family(offered: str, wanted: str) -> str:
    """An offered version as long as the wanted one is written: `17.2` as `17` beside `99`."""
    return ".".join(offered.split(".")[: wanted.count(".") + 1])


def _class(subject: Subject, name: str, engine: str, versions: list[str], size: str) -> Iterator[Finding]:
    pages = subject.cloud.client("rds").get_paginator("describe_orderable_db_instance_options")
    for page in pages.paginate(Engine=engine, DBInstanceClass=size, Vpc=True):
        if any(one["EngineVersion"] in versions for one in page["OrderableDBInstanceOptions"]):
            return
    newest = max(versions, key=_in_order)
    others = {
        one["DBInstanceClass"]
        for page in pages.paginate(Engine=engine, EngineVersion=newest, Vpc=True)
        for one in page["OrderableDBInstanceOptions"]
    }
    hint = did_you_mean(size, others) or (f"Offered are: {listed(others)}." if others else "Use another class.")
    message = f"{subject.cloud.region} does not offer {engine} {newest} on {size}"
    yield subject.finding("H485", Severity.ERROR, message, hint, name, "DBInstanceClass")


def _in_order(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
