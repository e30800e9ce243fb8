from __future__ import annotations

from typing import Any

import pytest

from hivemind.blueprint.model import Blueprint
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Fragment
from hivemind.template.references import references
from hivemind.template.resource_types import region_names, resource_type

pytestmark = pytest.mark.fast

BLUEPRINT = Blueprint("shop", environment="staging", tags={"team": "payments", "Name": "given"})


def tags_of(type_name: str, **properties: Any) -> Any:
    fragment = Fragment("services.web", {"It": {"Type": type_name, "Properties": properties}})
    assembly = assemble(BLUEPRINT, [("extra", (fragment,))])
    return assembly.resources["It"]["Properties"].get("Tags")


def test_a_resource_says_what_it_belongs_to() -> None:
    tags = {tag["Key"]: tag["Value"] for tag in tags_of("AWS::EC2::VPC")}
    assert tags == {
        "Name": "given",
        "team": "payments",
        "hivemind:deployment": "shop-staging",
        "hivemind:environment": "staging",
        "hivemind:owner": "extra",
        "hivemind:revision": {"Ref": "FirstRevision"},
    }


def test_a_new_revision_tags_nothing_again() -> None:
    fragment = Fragment("services.web", {"It": {"Type": "AWS::EC2::VPC"}, "Key": {"Type": "AWS::EC2::KeyPair"}})
    template = assemble(BLUEPRINT, [("extra", (fragment,))]).template
    assert "Revision" not in {one.target for one in references(template["Resources"])}
    assert template["Outputs"]["Revision"] == {"Value": {"Ref": "Revision"}}, "it is known all the same"


def test_tags_take_the_shape_of_the_type() -> None:
    assert tags_of("AWS::SSM::Parameter", Type="String", Value="x")["hivemind:owner"] == "extra"
    group = tags_of("AWS::AutoScaling::AutoScalingGroup", MinSize="1", MaxSize="1")
    assert all(tag["PropagateAtLaunch"] is True for tag in group)


@pytest.mark.parametrize(
    "type_name", ["AWS::EC2::Route", "AWS::IAM::InstanceProfile", "Custom::Thing", "AWS::No::Such"]
)
def test_what_takes_no_tags_gets_none(type_name: str) -> None:
    assert tags_of(type_name) is None


def test_own_tags_stand_but_can_not_pose_as_another_owner() -> None:
    given = [{"Key": "Name", "Value": "mine"}, {"Key": "hivemind:owner", "Value": "provisioner"}]
    tags = {tag["Key"]: tag["Value"] for tag in tags_of("AWS::EC2::VPC", Tags=given)}
    assert tags["Name"] == "mine"
    assert tags["hivemind:owner"] == "extra"


def test_tags_that_are_computed_are_left_alone() -> None:
    computed = {"Fn::Split": [",", "a,b"]}
    assert tags_of("AWS::EC2::VPC", Tags=computed) == computed


def test_facts_of_a_type() -> None:
    facts = resource_type("AWS::EC2::Subnet")
    assert facts is not None
    assert {"VpcId", "CidrBlock", "AvailabilityZone"} <= facts.create_only
    assert "VpcId" in facts.required
    assert "SubnetId" in facts.read_only
    assert facts.tag_updatable
    assert resource_type("AWS::EC2::Subnett") is None
    assert resource_type("AWS::EC2::Subnet") is facts


def test_every_region_of_aws_is_known() -> None:
    assert {"us-east-1", "eu-west-1", "sa-east-1"} <= region_names()


def test_facts_are_read_without_importing_cfn_lint() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from hivemind.template.resource_types import resource_type; "
        "assert resource_type('AWS::EC2::Instance'); sys.exit('cfnlint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_keys_that_only_cloudformation_knows_are_left_as_they_are() -> None:
    given = [{"Key": {"Ref": "AWS::StackName"}, "Value": "x"}]
    assert tags_of("AWS::EC2::VPC", Tags=given) == given
