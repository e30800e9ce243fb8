"""What a CloudFormation resource type is made of, and how its failures read."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]
Attributes = dict[str, Any]
Made = tuple[str, Attributes]
"""The physical id (what `Ref` gives) and the attributes (what `Fn::GetAtt` gives)."""


@dataclass(frozen=True)
class Kind:
    """A resource type's handlers, called in a worker thread with the stack's account and region set.

    create: (logical id, properties, stack name). update: (physical id, old properties, new properties,
    stack name, logical id); None where every change replaces or nothing can change.
    delete: (physical id, properties). snapshot: the same, before a delete under `DeletionPolicy: Snapshot`.
    replacing: properties whose change makes a new resource (createOnly in the resource schemas);
    None leaves the emulator's own list. conditional: properties whose change may replace it, as a change set says;
    `update` decides, by another physical id.
    """

    create: Callable[[str, Properties, str], Made]
    delete: Callable[[str, Properties], None]
    update: Callable[[str, Properties, Properties, str, str], Made] | None = None
    snapshot: Callable[[str, Properties], None] | None = None
    replacing: frozenset[str] | None = None
    conditional: frozenset[str] = frozenset()


class ResourceFailed(ValueError):
    """A resource operation failed; the text is what CloudFormation shows as the reason."""


def failed(message: str, service: str, *, status: int = 400, code: str = "InvalidRequest") -> ResourceFailed:
    """A failure worded as CloudFormation words those of its resource handlers.

    service: as the AWS SDK names it (`Ec2`, `Rds`, `ElasticLoadBalancingV2`). status: HTTP status. code: the
    HandlerErrorCode (CloudFormation CLI user guide, "Handler error codes").
    """
    return ResourceFailed(
        f'Resource handler returned message: "{message} (Service: {service}, Status Code: {status}, '
        f'Request ID: {uuid.uuid4()})" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})'
    )


def require(logical_id: str, properties: Properties, *names: str) -> None:
    """Raises ResourceFailed when a required property is missing."""
    missing = [name for name in names if properties.get(name) in (None, "", [])]
    if missing:
        text = ", ".join(f"#: required key [{name}] not found" for name in missing)
        raise ResourceFailed(f"Properties validation failed for resource {logical_id} with message:\n{text}")


def is_true(value: Any) -> bool:
    """A boolean property as templates spell it: true, "true", false, "false"."""
    return value is True or str(value).lower() == "true"
