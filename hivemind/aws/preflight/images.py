"""H482: whether the machine images that new instances start from are still there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.aws.preflight.subject import Subject
from hivemind.template.resource_types import INSTANCE
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding, Severity


def images(subject: Subject) -> Iterator[Finding]:
    """An error for each instance to be made of an image that is gone. A deployment keeps the image that it was first
    applied with, and Debian takes old ones away."""
    wanted: dict[str, str] = {}
    for name, properties in subject.made(INSTANCE):
        image = _image(properties, subject.snapshot.parameters)
        if image is not None:
            wanted.setdefault(image, name)
    for image, name in sorted(wanted.items()):
        try:
            there = bool(subject.cloud.client("ec2").describe_images(ImageIds=[image])["Images"])
        except CloudCallFailed as error:
            if not error.code.startswith("InvalidAMIID"):
                raise
            there = False
        if not there:
            yield subject.finding(
                "H482",
                Severity.ERROR,
                f"{subject.cloud.region} has no machine image {image} for {name}, or this account may not use it",
                "Use another `os`, or write an image that is there with an override of its ImageId.",
                name,
                "ImageId",
            )


def _image(properties: Mapping[str, Any], parameters: Mapping[str, str]) -> str | None:
    """The image that is known before the apply: a literal, or the value that the stack has for the parameter."""
    image = properties.get("ImageId")
    if isinstance(image, Mapping):
        image = parameters.get(str(image.get("Ref")))
    return image if isinstance(image, str) and image.startswith("ami-") else None
