"""Which region a deployment goes to, who says so, and what is wrong with that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.machine import aws_profile
from hivemind.values.defaults import DEFAULT_REGION
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint


@dataclass(frozen=True)
class Region:
    """name: `eu-west-1`. origin: who says so, in words."""

    name: str
    origin: str


def effective(blueprint: Blueprint | None) -> Region:
    """The blueprint's region, else AWS_REGION, AWS_DEFAULT_REGION, that of the AWS profile, else us-east-1."""
    if blueprint is not None and blueprint.region:
        return Region(blueprint.region, "hivemind.yaml")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if value := os.environ.get(name):
            return Region(value, name)
    if value := aws_profile.region():
        return Region(value, f"AWS profile {aws_profile.profile()}")
    return Region(DEFAULT_REGION, "HiveMind's default: neither hivemind.yaml nor your AWS configuration names one")


def findings(blueprint: Blueprint) -> Iterator[Finding]:
    """What is wrong with a region that the blueprint does not name itself; what it names was validated with it."""
    from hivemind.blueprint.formats import FORMATS, unlisted

    region = effective(blueprint)
    if blueprint.region is not None:
        return
    wrong = FORMATS["aws-region"](region.name)
    if wrong is not None:
        yield Finding(wrong.id, Severity.ERROR, f"{wrong.message}, from {region.origin}", hint=wrong.hint)
    elif (near := unlisted(region.name)) is not None:
        message = f'this version of HiveMind does not know the region "{region.name}", from {region.origin}'
        hint = f"Did you mean {near}?" if near else "If AWS has this region, you can ignore the warning."
        yield Finding("H129", Severity.WARNING, message, hint=hint)
    parts = (blueprint.certificate or "").split(":")
    if len(parts) > 5 and parts[3] != region.name:
        yield Finding(
            "H133",
            Severity.ERROR,
            f"the certificate is in {parts[3]}, but the deployment is in {region.name} ({region.origin})",
            hint=f"Request a certificate in {region.name}, or write `region: {parts[3]}` into hivemind.yaml.",
            path="certificate",
        )
