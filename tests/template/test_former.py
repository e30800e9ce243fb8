"""Templates between the deployed one and the one that is to be."""

from __future__ import annotations

import pytest

from hivemind.template.former import with_former, without

pytestmark = pytest.mark.fast


def test_a_former_resource_comes_with_what_it_refers_to() -> None:
    former = {
        "Parameters": {"Old": {"Type": "String"}},
        "Resources": {
            "Web": {"Type": "A", "DependsOn": "Way", "Properties": {"Image": {"Ref": "Old"}, "Key": {"Ref": "Key"}}},
            "Way": {"Type": "B", "Properties": {"To": {"Fn::GetAtt": ["End", "Id"]}}},
            "End": {"Type": "C"},
            "Key": {"Type": "K", "Properties": {"Name": "old"}},
            "Other": {"Type": "D"},
        },
    }
    final = {"Parameters": {"New": {"Type": "String"}}, "Resources": {"Web": {"Type": "A"}, "Key": {"Type": "K"}}}
    made = with_former(final, former, ["Web"])
    assert set(made["Parameters"]) == {"New", "Old"}
    assert set(made["Resources"]) == {"Web", "Key", "Way", "End"}
    assert made["Resources"]["Web"] == former["Resources"]["Web"]
    assert made["Resources"]["Key"] == {"Type": "K"}, "what both have is as it is to be"
    assert set(final["Resources"]) == {"Web", "Key"}


def test_what_is_gone_leaves_no_reference() -> None:
    template = {
        "Resources": {
            "Web": {"Type": "A"},
            "Alarm": {"Type": "B", "DependsOn": ["Web", "Way"], "Properties": {"Of": [{"Ref": "Web"}]}},
            "Way": {"Type": "C"},
        },
        "Outputs": {"WebId": {"Value": {"Ref": "Web"}}, "WayId": {"Value": {"Ref": "Way"}}},
    }
    made = without(template, {"Web": "i-1"})
    assert set(made["Resources"]) == {"Alarm", "Way"}
    assert made["Resources"]["Alarm"] == {"Type": "B", "DependsOn": ["Way"], "Properties": {"Of": ["i-1"]}}
    assert set(made["Outputs"]) == {"WayId"}
