"""How fast time passes in the local cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.local.pace import PACES, chosen

pytestmark = pytest.mark.fast
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def test_real_takes_what_aws_takes_and_instant_nothing() -> None:
    assert [PACES[name].seconds(BALANCER) for name in ("real", "fast", "instant")] == [116.0, 116.0 / 2000, 0.0]
    assert PACES["real"].probes == 1
    assert PACES["instant"].probes > PACES["fast"].probes > 1


def test_it_is_kept_until_another_is_chosen(tmp_path: Path) -> None:
    assert chosen(tmp_path).name == "fast"
    assert chosen(tmp_path, "instant").name == "instant"
    assert chosen(tmp_path).name == "instant"
    with pytest.raises(KeyError):
        chosen(tmp_path, "slow")
