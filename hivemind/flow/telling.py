"""What a person is told first: which cloud, account and region a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.flow import regions

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.flow.face import Face
    from hivemind.values.cloud import Cloud


def tell_where(cloud: Cloud | None, blueprint: Blueprint | None, face: Face) -> None:
    """On AWS: account, region with where it comes from, and as whom. cloud: None where it could not be asked.
    blueprint: None where it was not read."""
    if cloud is None or cloud.name != "aws":
        return
    region = regions.effective(blueprint)
    origin = f" (from {region.origin})" if region.name == cloud.region and blueprint is not None else ""
    face.note(f"AWS account {cloud.account}, region {cloud.region}{origin}\nas {cloud.identity}\n", aside=True)
