"""The resource types that a blueprint can ask for: what each is made of, and what its name means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hivemind.agents.provisioner import bucket, mysql, postgres, queue, rds, redis, topic
from hivemind.agents.provisioner.granting import needing
from hivemind.blueprint.access import instances_are_public
from hivemind.values.findings import Finding, Severity
from hivemind.values.schemaparts import ResourceType

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, Resource
    from hivemind.template.fragment import Fragment

_DATABASES = {engine.name: engine for engine in (postgres.POSTGRES, mysql.MYSQL, mysql.MARIADB)}
Making = Callable[["Blueprint", "Resource"], "Fragment"]

_OFFERED: Mapping[str, tuple[Making, Mapping[str, Any], str, bool]] = MappingProxyType(
    {
        **{
            engine.name: (partial(rds.fragment, engine=engine), rds.schema(engine), engine.words, True)
            for engine in _DATABASES.values()
        },
        redis.TYPE: (redis.fragment, redis.SCHEMA, "Redis (Amazon ElastiCache, engine Valkey)", True),
        bucket.TYPE: (bucket.fragment, bucket.SCHEMA, "A bucket for files (Amazon S3)", True),
        queue.TYPE: (queue.fragment, queue.SCHEMA, "A queue with a dead-letter queue (Amazon SQS)", True),
        topic.TYPE: (topic.fragment, topic.SCHEMA, "A topic that services publish to (Amazon SNS)", False),
    }
)
"""Type -> its fragment, its options, what it is, whether it holds data."""


def resource_types() -> Mapping[str, ResourceType]:
    """All of them, as the schema says them."""
    return {kind: ResourceType(schema, words, holds_data=holds) for kind, (_, schema, words, holds) in _OFFERED.items()}


def fragments(blueprint: Blueprint) -> Iterator[Fragment]:
    """What the blueprint's resources of these types are made of; others belong to plugins."""
    for _, resource in sorted(blueprint.resources.items()):
        if resource.type in _OFFERED:
            yield _OFFERED[resource.type][0](blueprint, resource)


def unusable(blueprint: Blueprint) -> Iterator[Finding]:
    """Errors on resources that cannot work as the blueprint says them."""
    yield from topic.undelivered(blueprint)
    for _, resource in sorted(blueprint.resources.items()):
        if resource.type in _DATABASES:
            yield from rds.without_snapshot(resource)
    if blueprint.network.egress != "none" or instances_are_public(blueprint):
        return
    # S3 has a gateway endpoint in every network of ours; SQS and SNS are reached through the internet.
    for name, resource in sorted(blueprint.resources.items()):
        if resource.type in (queue.TYPE, topic.TYPE) and (services := needing(blueprint, name)):
            service = {queue.TYPE: "SQS", topic.TYPE: "SNS"}[resource.type]
            way = f"with `egress: none` no way leads to {service}"
            message = f"services.{services[0]} cannot reach resources.{name}: {way}"
            hint = "Write `network: {egress: nat}`."
            yield Finding("H461", Severity.ERROR, message, None, hint, "provisioner", "network.egress")
