"""What plugins add to the blueprint's JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from hivemind.values.annotations import Json

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ResourceType:
    """A resource type that blueprints can use as `type: NAME`.

    schema: JSON Schema (draft 2020-12) of an object with the type's options, without `type` itself; HiveMind fills in
    its `default`s. holds_data: whether replacing or deleting the resource can lose data.
    """

    schema: Mapping[str, Json]
    description: str
    holds_data: bool = False


@dataclass(frozen=True)
class SchemaPart:
    """What a plugin adds to the schema of `hivemind.yaml`. resource_types: by name. options: schema of the plugin's
    own entry under `plugins:`. checks: kind of check -> schema of its entry in `checks`."""

    resource_types: Mapping[str, ResourceType] = field(default_factory=lambda: EMPTY)
    options: Mapping[str, Json] | None = None
    checks: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: EMPTY)
