"""Which way leads to instances, and where there is none."""

from __future__ import annotations

import pytest

from hivemind.blueprint.access import ssh_endpoint, unreachable
from hivemind.blueprint.model import Blueprint, DeploymentStage, Network

pytestmark = pytest.mark.fast
PRODUCTION, STAGE_1 = DeploymentStage.PRODUCTION, DeploymentStage.STAGE_1
OFFICE = ("203.0.113.0/24",)
FOREIGN = "eice-0123456789abcdef0"


@pytest.mark.parametrize(
    ("stage", "network", "endpoint", "reason"),
    [
        (PRODUCTION, Network(), "own", None),
        (PRODUCTION, Network(ssh_from=OFFICE), "own", None),
        (PRODUCTION, Network(egress="none"), "own", None),
        (STAGE_1, Network(), "own", None),
        (STAGE_1, Network(ssh_from=OFFICE), "none", None),
        (STAGE_1, Network(ssh_from=OFFICE, ssh_endpoint="own"), "own", None),
        (STAGE_1, Network(ssh_from=OFFICE, egress="none"), "own", None),
        (STAGE_1, Network(ssh_endpoint="none"), "none", "without `ssh_from`"),
        (STAGE_1, Network(ssh_from=OFFICE, ssh_endpoint="none", egress="none"), "none", "private subnets"),
        (PRODUCTION, Network(ssh_endpoint="none"), "none", "private subnets"),
        (PRODUCTION, Network(ssh_endpoint="none", ssh_from=OFFICE), "none", "private subnets"),
        (PRODUCTION, Network(ssh_endpoint=FOREIGN), FOREIGN, "does not admit"),
        (PRODUCTION, Network(ssh_endpoint=FOREIGN, ssh_from=("10.1.0.0/24",)), FOREIGN, None),
    ],
)
def test_ways(stage: DeploymentStage, network: Network, endpoint: str, reason: str | None) -> None:
    blueprint = Blueprint("shop", stage=stage, network=network)
    assert ssh_endpoint(blueprint) == endpoint
    why = unreachable(blueprint)
    assert why is None if reason is None else reason in str(why)
