"""What an update does to a resource where its schema leaves it open, as AWS's documentation of the property says.

Source: AWS CloudFormation Template Reference, "Update requires" of each property named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hivemind.template.resource_types import CACHE, DATABASE, INSTANCE

_REPLACED_BY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {INSTANCE: {"BlockDeviceMappings": "DeleteOnTermination"}, DATABASE: {"DBSnapshotIdentifier": ""}}
)
"""Type -> property whose change makes a new resource -> the one part of it that changes in place, if any."""
_STOPPED_BY: Mapping[str, frozenset[str]] = MappingProxyType(
    {INSTANCE: frozenset({"EbsOptimized", "InstanceType", "KernelId", "RamdiskId", "UserData"})}
)
"""Type -> properties whose change stops the resource and starts it again. Of instances: those with an EBS root volume,
as all images here have."""
_INTERRUPTED_BY: Mapping[str, frozenset[str]] = MappingProxyType(
    {DATABASE: frozenset({"DBInstanceClass", "EngineVersion", "Port"}), CACHE: frozenset({"EngineVersion"})}
)
"""Type -> properties whose change interrupts the resource for minutes."""


def is_replaced_by(kind: str, path: str) -> bool:
    """Whether a change at this dotted path (`BlockDeviceMappings.*.Ebs.VolumeSize`) makes a new resource, although the
    schema calls it conditional."""
    name, _, below = path.partition(".")
    harmless = _REPLACED_BY.get(kind, {}).get(name)
    return harmless is not None and (not harmless or below.rpartition(".")[2] != harmless)


def is_settled(kind: str, name: str) -> bool:
    """Whether the documentation says what a change of this property does, so that it is no mere possibility."""
    return name in _REPLACED_BY.get(kind, {}) or name in _STOPPED_BY.get(kind, ())


def stopped_by(kind: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the changed properties for which the resource is stopped and started again."""
    return tuple(name for name in names if name in _STOPPED_BY.get(kind, ()))


def interrupted_by(kind: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the changed properties for which the resource does not answer for minutes."""
    return tuple(name for name in names if name in _INTERRUPTED_BY.get(kind, ()))
