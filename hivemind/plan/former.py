"""Whose a resource was that the blueprint no longer has: deletions stand beside what they belonged to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hivemind.template.fragment import Owner
from hivemind.template.names import NAME, logical_id

_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z][a-z]*\d*")
"""A part of a logical id: `VPC`, `Nat`, `Gateway1`."""


class Former:
    """owners: of the resources of the blueprint as it is. template: as deployed."""

    def __init__(self, owners: Mapping[str, Owner], template: Mapping[str, Any]) -> None:
        resources = template.get("Resources") or {}
        self._owners = owners
        self._services = {
            logical_id(service, "Instance").removesuffix("Instance"): f"services.{service}"
            for resource in resources.values()
            if NAME.fullmatch(service := _tags(resource).get("hivemind:service", ""))
        }

    def owner(self, name: str, resource: Mapping[str, Any]) -> Owner:
        """The owner of a resource of the deployed template.

        The plugin is what its tag says. The part of the blueprint is that of the service whose name it begins with,
        else of the resource that is named most like it; empty where none is.
        """
        tagged = _tags(resource).get("hivemind:owner")
        service = max((prefix for prefix in self._services if name.startswith(prefix)), key=len, default=None)
        if service is not None:
            return Owner(tagged or "hivemind", self._services[service])
        words = _WORD.findall(name)
        alike = max(self._owners, key=lambda other: (_shared(words, other), other), default=None)
        if alike is None or not _shared(words, alike):
            return Owner(tagged or "hivemind", "")
        return Owner(tagged or self._owners[alike].plugin, self._owners[alike].path)


def _shared(words: list[str], other: str) -> int:
    """How many parts two logical ids begin with alike."""
    count = 0
    for mine, theirs in zip(words, _WORD.findall(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _tags(resource: Mapping[str, Any]) -> dict[str, str]:
    tags = (resource.get("Properties") or {}).get("Tags", ())
    pairs = tags.items() if isinstance(tags, Mapping) else [(tag.get("Key"), tag.get("Value")) for tag in tags]
    return {str(key): value for key, value in pairs if isinstance(value, str)}
