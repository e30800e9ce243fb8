"""Hosted zones that the blueprint names by their domain: a parameter of the template has the id. Pure.

The id is looked up once, when the name is first applied, and kept as the stack's own value, like machine images: so the
template follows from files alone, and another zone of that name changes nothing by itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

PARAMETER_TYPE = "AWS::Route53::HostedZone::Id"
_BEGINNING, _DIGITS = "HostedZone", 8
_ID = re.compile(r"Z[A-Z0-9]{5,31}")
"""Source: Amazon Route 53 API Reference, ResourceId; ids in use begin with Z."""


def is_id(zone: str) -> bool:
    """Whether a zone is named by its id; otherwise by its domain."""
    return _ID.fullmatch(zone) is not None


def zone_parameter(domain: str) -> str:
    """The template parameter with the id of the zone of a domain. Another domain has another one."""
    return _BEGINNING + hashlib.sha256(domain.encode()).hexdigest()[:_DIGITS]


def zone_id(zone: str) -> str | Mapping[str, Any]:
    """What a template has for the id of a zone: the id itself, or a reference to its parameter."""
    return zone if is_id(zone) else {"Ref": zone_parameter(zone)}


def is_within(name: str, domain: str) -> bool:
    """Whether a name is a domain, or lies in it."""
    return name == domain or name.endswith(f".{domain}")
