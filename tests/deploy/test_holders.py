"""What holds a resource that cannot be deleted, as the service itself says it."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.deploy.calls import StackResource
from hivemind.deploy.holders import held_by, holders

pytestmark = pytest.mark.fast


def failed(kind: str, physical: str) -> StackResource:
    return StackResource("It", physical, kind, "DELETE_FAILED", "")


def of(name: str, *values: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": list(values)}]


def test_a_security_group_is_held_by_interfaces_whatever_else_may_not_be_read(script: Any) -> None:
    interfaces = [
        {"NetworkInterfaceId": "eni-1", "Description": "ELB app/shop/5f"},
        {"NetworkInterfaceId": "eni-2", "Attachment": {"InstanceId": "i-7"}, "Description": ""},
    ]
    answer = {"NetworkInterfaces": interfaces}
    script.answer("describe_network_interfaces", answer, "ec2", Filters=of("group-id", "sg-1"))
    script.error("describe_security_groups", "UnauthorizedOperation", "no", "ec2", 403)
    assert holders(script, failed("AWS::EC2::SecurityGroup", "sg-1")) == (
        "network interface eni-1 (ELB app/shop/5f)",
        "network interface eni-2 (instance i-7)",
    )


def test_a_security_group_is_held_by_rules_of_others(script: Any) -> None:
    script.answer("describe_network_interfaces", {"NetworkInterfaces": []}, "ec2")
    groups = {"SecurityGroups": [{"GroupId": "sg-2", "GroupName": "bastion"}, {"GroupId": "sg-1"}]}
    script.answer("describe_security_groups", groups, "ec2")
    script.answer("describe_security_groups", {"SecurityGroups": []}, "ec2")
    assert holders(script, failed("AWS::EC2::SecurityGroup", "sg-1")) == ("a rule of security group sg-2 (bastion)",)
    script.assert_done()


def test_an_attachment_is_held_by_public_addresses_in_its_network(script: Any) -> None:
    gateways = {"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1"}]}]}
    script.answer("describe_internet_gateways", gateways, "ec2", InternetGatewayIds=["igw-1"])
    nat = {
        "NetworkInterfaceId": "eni-3",
        "Description": "Interface for NAT Gateway nat-1",
        "Association": {"PublicIp": "203.0.113.7"},
    }
    script.answer("describe_network_interfaces", {"NetworkInterfaces": [nat]}, "ec2", Filters=of("vpc-id", "vpc-1"))
    (found,) = holders(script, failed("AWS::EC2::VPCGatewayAttachment", "IGW|igw-1"))
    assert found == "public address 203.0.113.7 of Interface for NAT Gateway nat-1"


def test_a_role_is_held_by_what_somebody_attached(script: Any) -> None:
    attached = {"AttachedPolicies": [{"PolicyName": "ReadOnly", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}
    script.answer("list_attached_role_policies", attached, "iam", RoleName="shop-role")
    script.answer("list_role_policies", {"PolicyNames": ["mine"]}, "iam", RoleName="shop-role")
    script.answer("list_instance_profiles_for_role", {"InstanceProfiles": []}, "iam", RoleName="shop-role")
    assert holders(script, failed("AWS::IAM::Role", "shop-role")) == ("policy ReadOnly", "inline policy mine")


def test_databases_and_their_subnet_groups(script: Any) -> None:
    protected = {"DBInstances": [{"DBInstanceIdentifier": "db-1", "DeletionProtection": True}]}
    script.answer("describe_db_instances", protected, "rds", DBInstanceIdentifier="db-1")
    assert holders(script, failed("AWS::RDS::DBInstance", "db-1")) == ("its deletion protection",)
    inside = {"DBInstances": [{"DBInstanceIdentifier": "db-2", "DBSubnetGroup": {"DBSubnetGroupName": "group"}}]}
    script.answer("describe_db_instances", inside, "rds")
    assert holders(script, failed("AWS::RDS::DBSubnetGroup", "group")) == ("database db-2",)


def test_a_bucket_that_has_more_than_a_page(script: Any) -> None:
    page = {"Versions": [{"Key": "a"}] * 1000, "IsTruncated": True}
    script.answer("list_object_versions", page, "s3", Bucket="files", MaxKeys=1000)
    assert held_by(script, failed("AWS::S3::Bucket", "files")) == (
        "It (AWS::S3::Bucket) files, held by at least 1,000 objects and versions in it"
    )


def test_what_may_not_be_read_or_is_not_known_is_left_out(script: Any) -> None:
    script.error("describe_network_interfaces", "UnauthorizedOperation", "no", "ec2", 403)
    assert held_by(script, failed("AWS::EC2::Subnet", "subnet-1")) == "It (AWS::EC2::Subnet) subnet-1"
    assert holders(script, failed("AWS::EC2::RouteTable", "rtb-1")) == ()
