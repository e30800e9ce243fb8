"""Machine images: which one an instance starts from, by operating system and processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hivemind.values.artifact import machine_of

PARAMETER_TYPE = "AWS::EC2::Image::Id"


@dataclass(frozen=True)
class Image:
    """An operating system's images. parameter: how template parameters for it start. names: processor -> public
    SSM parameter with the AMI id. root_device: name of the root volume's device. has_agent: whether SSM's agent is
    installed."""

    parameter: str
    names: Mapping[str, str]
    root_device: str
    has_agent: bool = False


def _image(parameter: str, pattern: str, x86: str, root_device: str, *, has_agent: bool = False) -> Image:
    names = {"x86_64": pattern.format(x86), "arm64": pattern.format("arm64")}
    return Image(parameter, MappingProxyType(names), root_device, has_agent)


IMAGES: Mapping[str, Image] = MappingProxyType(
    {
        "debian-12": _image("ImageDebian12", "/aws/service/debian/release/12/latest/{}", "amd64", "/dev/xvda"),
        "debian-13": _image("ImageDebian13", "/aws/service/debian/release/13/latest/{}", "amd64", "/dev/xvda"),
        "amazon-linux-2023": _image(
            "ImageAmazonLinux2023",
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}",
            "x86_64",
            "/dev/xvda",
            has_agent=True,
        ),
        "ubuntu-24.04": _image(
            "ImageUbuntu2404",
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/{}/hvm/ebs-gp3/ami-id",
            "amd64",
            "/dev/sda1",
            has_agent=True,
        ),
    }
)
"""Operating systems that a service can name as `os`. Sources: Debian wiki "Cloud/AmazonEC2Image", Amazon Linux
2023 User Guide "AL2023 on Amazon EC2", Canonical "Find Ubuntu images on AWS"; AWS Systems Manager User Guide, "Find
AMIs with the SSM Agent preinstalled"."""


def processor(size: str) -> str:
    """`arm64` for Graviton sizes such as `t4g.small`, `x86_64` for all others."""
    return "arm64" if machine_of(size) == "aarch64" else "x86_64"


def image_parameter(os: str, size: str) -> tuple[str, str]:
    """The template parameter for an image, and the public SSM parameter that holds its id.

    os: a key of IMAGES; raises KeyError for another. size: EC2 instance type.
    """
    image, kind = IMAGES[os], processor(size)
    return image.parameter + {"x86_64": "X86", "arm64": "Arm"}[kind], image.names[kind]


def system_of(parameter: str) -> str | None:
    """The operating system that a template parameter of `image_parameter` stands for, None for another's."""
    return next((os for os, image in IMAGES.items() if parameter.startswith(image.parameter)), None)
