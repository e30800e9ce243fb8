"""How long an apply takes, about: the longest path through what it makes."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.plan.expected import longest_path
from hivemind.template.average_seconds import AVERAGE_SECONDS, OTHERS_SECONDS

pytestmark = pytest.mark.fast

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC"},
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"Subnet": {"Ref": "Subnet"}}},
        "Nat": {"Type": "AWS::EC2::NatGateway", "DependsOn": ["Subnet"]},
        "Web": {"Type": "AWS::EC2::Instance", "DependsOn": "Nat"},
    }
}


def test_the_slowest_chain_is_what_is_waited_for() -> None:
    path = longest_path(TEMPLATE, TEMPLATE["Resources"])
    assert path == (
        ("Vpc", OTHERS_SECONDS),
        ("Subnet", OTHERS_SECONDS),
        ("Db", AVERAGE_SECONDS["AWS::RDS::DBInstance"]),
    )


def test_what_is_there_already_holds_nothing_up() -> None:
    assert [name for name, _ in longest_path(TEMPLATE, ["Nat", "Web"])] == ["Nat", "Web"]
    assert longest_path(TEMPLATE, []) == ()


def test_what_this_deployment_took_before_tells_better() -> None:
    path = longest_path(TEMPLATE, TEMPLATE["Resources"], {"AWS::RDS::DBInstance": 30.0, "AWS::EC2::NatGateway": 300.0})
    assert path[-2:] == (("Nat", 300.0), ("Web", AVERAGE_SECONDS["AWS::EC2::Instance"]))


def test_a_chain_as_long_as_a_template_can_be_is_no_trouble() -> None:
    chain = {f"R{n}": {"Type": "T", "DependsOn": f"R{n - 1}"} if n else {"Type": "T"} for n in range(2000)}
    assert len(longest_path({"Resources": chain}, chain)) == 2000
