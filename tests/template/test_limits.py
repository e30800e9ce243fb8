"""What comes near a limit of CloudFormation, or is over it, is said in good time."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.template.limits import INLINE_BYTES, LARGEST_BYTES, exceeded, ill_named, written_name

pytestmark = pytest.mark.fast


def found(template: dict[str, Any], size: int = 100) -> list[tuple[str, str]]:
    return [(one.id, one.severity) for one in exceeded(template, "x" * size)]


@pytest.mark.parametrize(
    ("section", "near", "limit"), [("Resources", 451, 500), ("Parameters", 181, 200), ("Outputs", 181, 200)]
)
def test_counts_are_warned_of_before_they_are_refused(section: str, near: int, limit: int) -> None:
    def of(count: int) -> list[tuple[str, str]]:
        return found({section: {f"X{number}": {} for number in range(count)}})

    assert of(near - 1) == []
    assert of(near) == of(limit) == [("H413", "warning")]
    assert of(limit + 1) == [("H410", "error")]


def test_sizes_are_told_warned_of_and_refused() -> None:
    assert found({}, INLINE_BYTES) == []
    assert found({}, INLINE_BYTES + 1) == [("H412", "info")]
    assert found({}, LARGEST_BYTES - 10) == [("H413", "warning")]
    assert found({}, LARGEST_BYTES + 1) == [("H411", "error")]


def test_every_limit_names_the_way_over() -> None:
    crowded = {"Resources": {f"X{number}": {} for number in range(499)}}
    assert all("Split the blueprint" in str(one.hint) for one in exceeded(crowded, "x" * (LARGEST_BYTES + 1)))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("shop", "shop"),
        ({"Fn::Sub": "${AWS::StackName}-lb"}, "shop-live-lb"),
        ({"Ref": "AWS::StackName"}, "shop-live"),
        ({"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}, None),
        ({"Ref": "Other"}, None),
        (None, None),
    ],
)
def test_names_are_known_where_the_template_writes_them(value: Any, name: str | None) -> None:
    assert written_name(value, "shop-live") == name


def test_names_that_load_balancers_refuse() -> None:
    def of(value: Any) -> list[str]:
        one = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"Name": value}}
        return [message for _, _, message in ill_named({"Web": one}, "shop-production")]

    assert of("a" * 32) == of("shop-1") == of({"Ref": "Elsewhere"}) == []
    assert of("a" * 33) == [f"Name {'a' * 33} has 33 characters; a load balancer's has 32 at most"]
    assert (
        "shop-production-target-group-of-web has 35 characters"
        in of({"Fn::Sub": "${AWS::StackName}-target-group-of-web"})[0]
    )
    assert of("shop-")
    assert of("internal-shop")
