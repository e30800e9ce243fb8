"""What a service finds in its environment to call AWS's API as the role of its instances."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.template.names import instance_role
from hivemind.text.redact import REDACTOR

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.template.fragment import Binding
    from hivemind.values.cloud import Cloud

API_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
NOTHING: Mapping[str, str] = MappingProxyType({})


def api_environment(
    cloud: Cloud, blueprint: Blueprint, service: str, bindings: Mapping[str, Binding]
) -> Mapping[str, str]:
    """Variables that every AWS SDK reads; none for a service that needs nothing with an API.

    On AWS that is the region: SDKs find the role by themselves. The local cloud has no instance metadata, so there it
    is also an address, and keys of that role. bindings: by resource name.
    """
    if not any(need in bindings and bindings[need].api for need in blueprint.services[service].needs):
        return NOTHING
    found = cloud.api_access(blueprint.stack_name, instance_role(service))
    if API_KEYS[1] in found:
        REDACTOR.register(found[API_KEYS[1]])
    return {"AWS_REGION": cloud.region, "AWS_DEFAULT_REGION": cloud.region, **found}
