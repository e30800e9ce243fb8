"""A plugin's part like the provisioner's, and a short way to the findings of a text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.blueprint.model import Blueprint
from hivemind.blueprint.source import from_text
from hivemind.blueprint.validate import validate
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding
from hivemind.values.schemaparts import ResourceType, SchemaPart

POSTGRES = ResourceType(
    {
        "type": "object",
        "properties": {
            "version": {"type": "string", "default": "16", "examples": ["16"]},
            "size": {"type": "string", "format": "rds-instance-class", "default": "db.t3.micro"},
            "storage": {"type": "integer", "minimum": 20, "maximum": 65536, "default": 20},
            "backup": {"type": "object", "properties": {"days": {"type": "integer", "default": 7}}, "default": {}},
        },
    },
    "PostgreSQL on RDS",
    holds_data=True,
)
REDIS = ResourceType(
    {
        "type": "object",
        "properties": {
            "size": {"type": "string", "default": "cache.t3.micro"},
            "multi_az": {"type": "boolean", "default": False},
            "tls": {"type": "boolean", "default": False},
        },
    },
    "Redis on ElastiCache",
    holds_data=True,
)
HTTP = {"properties": {"http": {"type": "string", "format": "url-path"}, "service": {"type": "string"}}}
DATABASE = {"properties": {"database": {"type": "string"}, "query": {"type": "string", "default": "select 1"}}}

Build = Callable[..., Blueprint]
Remarks = Callable[..., tuple[Finding, ...]]


@pytest.fixture(scope="session")
def parts() -> dict[str, SchemaPart]:
    return {
        "provisioner": SchemaPart(resource_types={"postgres": POSTGRES, "redis": REDIS}),
        "qa": SchemaPart(checks={"http": HTTP, "database": DATABASE}),
        "slack": SchemaPart(options={"type": "object", "properties": {"channel": {"type": "string"}}}),
    }


@pytest.fixture
def build(parts: dict[str, SchemaPart]) -> Build:
    """The Blueprint of a text that is valid."""

    def built(text: str, environment: str | None = None) -> Blueprint:
        return validate(from_text(text, Path("hivemind.yaml")), parts, environment=environment)[0]

    return built


@pytest.fixture
def remarks(parts: dict[str, SchemaPart]) -> Remarks:
    """All findings on a text, errors or not."""

    def found(text: str, environment: str | None = None) -> tuple[Finding, ...]:
        try:
            return validate(from_text(text, Path("hivemind.yaml")), parts, environment=environment)[1]
        except FindingsError as error:
            return error.findings

    return found
