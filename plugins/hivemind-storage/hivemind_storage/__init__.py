"""Tables for HiveMind: the resource type `table`, the check `file`, and a log of finished steps."""

from __future__ import annotations

from hivemind import Blueprint, Check, Event, Fragment, Release, ResourceType, SchemaPart, hook
from hivemind_storage import log, served, table


@hook
def hivemind_schema() -> SchemaPart:
    return SchemaPart(
        resource_types={"table": ResourceType(table.SCHEMA, "A DynamoDB table.", holds_data=True)},
        checks={"file": served.SCHEMA},
    )


@hook
def hivemind_fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
    resources = [blueprint.resources[name] for name in sorted(blueprint.resources)]
    return tuple(table.fragment(blueprint, resource) for resource in resources if resource.type == "table")


@hook
def hivemind_checks(release: Release) -> tuple[Check, ...]:
    return tuple(served.check(release, entry.options) for entry in release.checks if entry.kind == "file")


@hook
def hivemind_event(event: Event) -> None:
    log.append(event)
