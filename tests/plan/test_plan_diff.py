"""Differences between templates: what changes, what is replaced, what follows from that."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.plan.diff import Difference, Side, differences
from hivemind.plan.model import Action

VPC: dict[str, Any] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
SUBNET: dict[str, Any] = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24", "MapPublicIpOnLaunch": True},
}


def side(
    resources: dict[str, Any], parameters: dict[str, str] | None = None, declared: dict[str, Any] | None = None
) -> Side:
    return Side({"Parameters": declared or {}, "Resources": resources}, parameters or {})


def one(before: Side, after: Side) -> Difference:
    (found,) = differences(before, after)
    return found


leaves = (
    st.text(max_size=6)
    | st.integers()
    | st.booleans()
    | st.sampled_from(
        [{"Ref": "Revision"}, {"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}, {"Fn::Sub": "${A}-${Revision}"}]
    )
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pqrs"), inner, max_size=3),
    max_leaves=8,
)
kinds = st.sampled_from(["AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::RDS::DBInstance", "Custom::Thing"])
resources = st.dictionaries(
    st.sampled_from("ABCDE"),
    st.fixed_dictionaries(
        {
            "Type": kinds,
            "Properties": st.dictionaries(st.sampled_from(["CidrBlock", "Tags", "Engine", "x"]), values, max_size=3),
        }
    ),
    max_size=5,
)


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(resources, st.text(max_size=4), st.text(max_size=4))
def test_identical_templates_differ_in_nothing_whatever_the_revision(made: dict[str, Any], one: str, two: str) -> None:
    declared = {"Revision": {"Type": "String"}}
    same = json.loads(json.dumps(made))
    assert differences(side(made, {"Revision": one}, declared), side(same, {"Revision": two}, declared)) == ()


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(resources, resources, st.randoms(use_true_random=False))
def test_applying_the_changes_in_any_order_gives_the_new_template(
    old: dict[str, Any], new: dict[str, Any], random: Any
) -> None:
    changes = list(differences(side(old), side(new)))
    random.shuffle(changes)
    standing = copy.deepcopy(old)
    for change in changes:
        if change.action is Action.DELETE:
            del standing[change.logical_id]
        else:
            standing[change.logical_id] = new[change.logical_id]
    assert differences(side(standing), side(new)) == ()
    assert set(standing) == set(new)


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(resources, resources)
def test_creations_and_deletions_mirror_each_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    def named(action: Action, before: dict[str, Any], after: dict[str, Any]) -> set[str]:
        return {item.logical_id for item in differences(side(before), side(after)) if item.action is action}

    assert named(Action.CREATE, old, new) == named(Action.DELETE, new, old) == set(new) - set(old)


@pytest.mark.fast
def test_a_create_only_property_replaces_and_what_refers_to_it_follows() -> None:
    moved = {**VPC, "Properties": {"CidrBlock": "10.1.0.0/16"}}
    group = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "x", "VpcId": {"Fn::GetAtt": ["Vpc", "VpcId"]}},
    }
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmDescription": {"Fn::Sub": "of ${Subnet}"}}}
    rest = {"Subnet": SUBNET, "Group": group, "Alarm": alarm}
    found = {item.logical_id: item for item in differences(side({"Vpc": VPC, **rest}), side({"Vpc": moved, **rest}))}
    assert found["Vpc"].replacing == ("CidrBlock",)
    assert (found["Subnet"].action, found["Subnet"].because) == (Action.REPLACE, ("Vpc",))
    assert found["Group"].action is Action.REPLACE
    assert (found["Alarm"].action, found["Alarm"].because) == (Action.UPDATE, ("Subnet",))


@pytest.mark.fast
def test_a_dependson_or_an_order_of_tags_changes_nothing() -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    before = {"Vpc": {**VPC, "Properties": {**VPC["Properties"], "Tags": tags}}}
    after = {"Vpc": {**VPC, "DependsOn": "Other", "Properties": {**VPC["Properties"], "Tags": tags[::-1]}}}
    assert differences(side(before), side(after)) == ()
    after["Vpc"]["Properties"]["Tags"] = [*tags[:1], {"Key": "b", "Value": "3"}]
    assert one(side(before), side(after)).action is Action.UPDATE


@pytest.mark.fast
def test_a_parameters_value_counts_where_it_is_used() -> None:
    instance = {
        "Type": "AWS::EC2::Instance",
        "Properties": {"ImageId": {"Ref": "Image"}, "UserData": {"Fn::Sub": "${Word} ${!Raw}"}},
    }
    declared = {"Image": {"Type": "String"}, "Word": {"Type": "String", "Default": "a"}}
    before = side({"Web": instance}, {"Image": "ami-1"}, declared)
    assert differences(before, side({"Web": instance}, {"Image": "ami-1", "Word": "a"}, declared)) == ()
    changed = one(before, side({"Web": instance}, {"Image": "ami-2"}, declared))
    assert (changed.action, changed.replacing) == (Action.REPLACE, ("ImageId",))
    assert one(before, side({"Web": instance}, {"Image": "ami-1", "Word": "b"}, declared)).paths == ("UserData",)
    # The same value written out is no change either.
    literal = {"Type": "AWS::EC2::Instance", "Properties": {**instance["Properties"], "ImageId": "ami-1"}}
    assert differences(before, side({"Web": literal}, {}, declared)) == ()


@pytest.mark.fast
def test_nested_create_only_properties_are_found_and_their_neighbours_are_not() -> None:
    def group(**settings: Any) -> Side:
        properties = {"LaunchConfigurationName": "a", **settings}
        return side({"G": {"Type": "AWS::EC2::NetworkInterface", "Properties": properties}})

    assert one(group(SubnetId="a"), group(SubnetId="b")).action is Action.REPLACE
    assert one(group(Description="a"), group(Description="b")).action is Action.UPDATE
    assert one(group(), group(SubnetId="b")).action is Action.REPLACE
    assert one(group(SubnetId={"Ref": "A"}), group()).action is Action.REPLACE


@pytest.mark.fast
def test_another_type_under_the_same_id_is_a_replacement() -> None:
    found = one(side({"A": VPC}), side({"A": {"Type": "AWS::EC2::EIP"}}))
    assert (found.action, found.replacing) == (Action.REPLACE, ("Type",))


@pytest.mark.fast
def test_a_changed_policy_is_an_update() -> None:
    found = one(side({"A": VPC}), side({"A": {**VPC, "DeletionPolicy": "Retain"}}))
    assert (found.action, found.paths) == (Action.UPDATE, ("DeletionPolicy",))


@pytest.mark.fast
def test_resources_that_refer_to_each_other_do_not_loop() -> None:
    def group(name: str, other: str) -> dict[str, Any]:
        return {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupName": name, "GroupDescription": {"Fn::GetAtt": [other, "GroupId"]}},
        }

    found = differences(
        side({"A": group("a", "B"), "B": group("b", "A")}), side({"A": group("c", "B"), "B": group("b", "A")})
    )
    assert [item.action for item in found] == [Action.REPLACE, Action.REPLACE]


def test_the_tag_of_the_present_revision_in_stacks_of_before_is_no_change() -> None:
    def tagged(parameter: str) -> Side:
        tags = [{"Key": "hivemind:revision", "Value": {"Ref": parameter}}]
        declared = {name: {"Type": "String"} for name in ("Revision", "FirstRevision")}
        return side({"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"Tags": tags}}}, {}, declared)

    assert differences(tagged("Revision"), tagged("FirstRevision")) == ()
