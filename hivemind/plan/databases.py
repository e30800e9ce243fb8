"""What RDS and ElastiCache refuse to do to what stands, or do only while it is down. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.plan.model import Action, Change, Plan
from hivemind.template.fragment import Assembly
from hivemind.template.resource_types import CACHE, DATABASE
from hivemind.values.findings import Finding, Severity

DATABASES = frozenset({"AWS::RDS::DBCluster", DATABASE, CACHE})
_OPTIONS = {"EngineVersion": "version", "AllocatedStorage": "storage"}
"""Property -> the option of a resource in the blueprint that gives it its value."""
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def refused_changes(plan: Plan, assembly: Assembly) -> Iterator[Finding]:
    """Findings on the databases and caches that a plan changes in place: another version, less storage.

    Errors are what AWS would refuse after minutes; a warning is what interrupts the database.
    """
    for change in plan.changes:
        if change.type not in DATABASES or change.action is not Action.UPDATE:
            continue
        properties = assembly.resources[change.logical_id].get("Properties") or {}
        yield from _version(change, properties, assembly)
        yield from _storage(change, assembly)


def _version(change: Change, properties: Mapping[str, Any], assembly: Assembly) -> Iterator[Finding]:
    before, after = (str(side.get("EngineVersion", "")) for side in (change.before, change.after))
    old, new = _numbers(before), _numbers(after)
    known = min(len(old), len(new))
    if "EngineVersion" not in change.properties or not known:
        return
    name, (plugin, path) = _name(change), _place(change, assembly, "EngineVersion")
    if new[:known] < old[:known]:
        service = "ElastiCache" if change.type == CACHE else "RDS"
        message = f"{name} runs version {before} and cannot go back to {after}: {service} refuses a downgrade"
        hint = f'Keep `version: "{before}"`. For an older version, create another resource and fill it from a dump.'
        yield Finding("H451", Severity.ERROR, message, None, hint, plugin, path)
    parts = _major_parts(str(properties.get("Engine", "")))
    if new[: min(known, parts)] <= old[: min(known, parts)] or change.type == CACHE:
        return
    way = f"version {before} → {after} of {name} is a major upgrade"
    if str(properties.get("AllowMajorVersionUpgrade", "")).lower() == "true":
        message = f"{way}: the database is down during the upgrade, for minutes or longer, and cannot go back"
        hint = "With backups on, RDS takes a snapshot first. Try the upgrade in another environment first."
        yield Finding("H452", Severity.WARNING, message, None, hint, plugin, path)
    else:
        message = f"{way}, which RDS refuses unless you allow it"
        hint = "Write `major_upgrade: true` beside the version. The database is down during the upgrade."
        yield Finding("H452", Severity.ERROR, message, None, hint, plugin, path)


def _storage(change: Change, assembly: Assembly) -> Iterator[Finding]:
    before, after = (str(side.get("AllocatedStorage", "")) for side in (change.before, change.after))
    if before.isdecimal() and after.isdecimal() and int(after) < int(before):
        message = (
            f"{_name(change)} has {before} GB of storage and cannot shrink to {after} GB: RDS only increases storage"
        )
        plugin, path = _place(change, assembly, "AllocatedStorage")
        yield Finding("H453", Severity.ERROR, message, None, f"Write `storage: {before}`, or more.", plugin, path)


def _name(change: Change) -> str:
    return change.path if change.path.startswith("resources.") else change.logical_id


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with; a version `16` is any `16.x`."""
    found = _NUMBERS.match(version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _major_parts(engine: str) -> int:
    """How many numbers name a major version: PostgreSQL has had one since 10, the others have two."""
    return 1 if engine.endswith(("postgres", "postgresql")) else 2


def _place(change: Change, assembly: Assembly, cause: str) -> tuple[str, str]:
    """Plugin and blueprint path of what gives a database's property its value."""
    owner = assembly.responsible("Resources", change.logical_id, "Properties", cause)
    option = _OPTIONS[cause]
    return owner.plugin, f"{owner.path}.{option}" if owner.path.startswith("resources.") else owner.path
