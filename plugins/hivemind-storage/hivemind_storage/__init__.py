"""Buckets for HiveMind: the resource type `bucket`, the check `file`, and a log of finished steps."""

from __future__ import annotations

from hivemind import Blueprint, Check, Event, Fragment, Release, ResourceType, SchemaPart, hook
from hivemind_storage import bucket, log, served


@hook
def hivemind_schema() -> SchemaPart:
    return SchemaPart(
        resource_types={"bucket": ResourceType(bucket.SCHEMA, "A private S3 bucket.", holds_data=True)},
        checks={"file": served.SCHEMA},
    )


@hook
def hivemind_fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
    resources = [blueprint.resources[name] for name in sorted(blueprint.resources)]
    return tuple(bucket.fragment(blueprint, resource) for resource in resources if resource.type == "bucket")


@hook
def hivemind_checks(release: Release) -> tuple[Check, ...]:
    return tuple(served.check(release, entry.options) for entry in release.checks if entry.kind == "file")


@hook
def hivemind_event(event: Event) -> None:
    log.append(event)
