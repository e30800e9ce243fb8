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


def test_a_number_is_how_many_times_faster_everything_is(tmp_path: Path) -> None:
    chosen(tmp_path, "20")
    kept = chosen(tmp_path)
    assert (kept.name, kept.seconds(BALANCER), kept.probes) == ("20", 116.0 / 20, 20)


@pytest.mark.parametrize("name", ["0", "-1", "2.5", "2001", "", "٣"])
def test_a_number_that_is_none_is_no_pace(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyError):
        chosen(tmp_path, name)
