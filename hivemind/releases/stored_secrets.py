"""Whether there is a secret where a blueprint says: asked without reading its value, before anything is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hivemind.blueprint.generated import STORE
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint, SecretReference
    from hivemind.values.cloud import Cloud

_ABSENT = frozenset({"ParameterNotFound", "ResourceNotFoundException"})


def missing(blueprint: Blueprint, services: Iterable[str], cloud: Cloud) -> Iterator[Finding]:
    """H456 for each secret of these services that is not there. Who may not ask is told nothing: a release will."""
    for name in sorted(services):
        for variable, reference in blueprint.services[name].secrets.items():
            if reference.store == STORE:  # made with the stack
                continue
            try:
                there = is_stored(cloud, reference)
            except CloudCallFailed:
                continue
            if not there:
                yield Finding(
                    "H456",
                    Severity.ERROR,
                    f"{variable} of services.{name} is not stored: {cloud.region} has no {reference.place}",
                    hint=f"Store it: `hivemind secrets set {variable}`.",
                    path=f"services.{name}.secrets.{variable}",
                )


def is_stored(cloud: Cloud, reference: SecretReference) -> bool:
    """Whether a secret exists; of a field, whether the secret that would have it does. Raises CloudCallFailed."""
    try:
        if reference.store == "ssm":
            cloud.client("ssm").get_parameter(Name=reference.name, WithDecryption=False)
        else:
            # One that is scheduled for deletion can be described, but not read.
            return "DeletedDate" not in cloud.client("secretsmanager").describe_secret(SecretId=reference.name)
    except CloudCallFailed as error:
        if error.code in _ABSENT:
            return False
        raise
    return True
