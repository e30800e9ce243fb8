"""What a template makes CloudFormation ask the caller to acknowledge.

Source: API reference of AWS CloudFormation, CreateStack, "Capabilities".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_NAMES: Mapping[str, str | None] = MappingProxyType(
    {
        "AWS::IAM::AccessKey": None,
        "AWS::IAM::Group": "GroupName",
        "AWS::IAM::InstanceProfile": "InstanceProfileName",
        "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
        "AWS::IAM::Policy": None,
        "AWS::IAM::Role": "RoleName",
        "AWS::IAM::User": "UserName",
        "AWS::IAM::UserToGroupAddition": None,
    }
)
"""Types that change rights, with the property that gives such a resource a name of its own."""


def capabilities(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The capabilities that the template needs, and no more."""
    found: set[str] = set()
    for resource in template.get("Resources", {}).values():
        if not isinstance(resource, Mapping) or resource.get("Type") not in _NAMES:
            continue
        name = _NAMES[resource["Type"]]
        named = name is not None and name in (resource.get("Properties") or {})
        found.add("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
    if "Transform" in template or _has_macro(template.get("Resources", {})):
        found.add("CAPABILITY_AUTO_EXPAND")
    # The one for named resources acknowledges the others, too.
    return tuple(sorted(found - {"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in found else found))


def _has_macro(node: Any) -> bool:
    """Whether a macro makes a part of the template."""
    if isinstance(node, Mapping):
        return "Fn::Transform" in node or any(_has_macro(value) for value in node.values())
    return isinstance(node, list | tuple) and any(_has_macro(value) for value in node)
