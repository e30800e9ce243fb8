"""The commands for what CloudFormation cannot delete: in an order that works, and such that the AWS CLI knows them."""

from __future__ import annotations

import re

import pytest

from hivemind.deploy import manual_removal
from hivemind.deploy.calls import StackResource
from hivemind.deploy.manual_removal import commands, instructions

pytestmark = pytest.mark.fast
STACK = "arn:aws:cloudformation:eu-west-1:1:stack/shop-production/5f"


def resource(kind: str, physical: str) -> StackResource:
    return StackResource(kind.rpartition(":")[2], physical, kind, "DELETE_FAILED", "held")


def test_what_others_depend_on_comes_last() -> None:
    left = [
        resource("AWS::EC2::VPC", "vpc-1"),
        resource("AWS::EC2::SecurityGroup", "sg-1"),
        resource("AWS::Lambda::Function", "a hook"),
        resource("AWS::EC2::Instance", "i-1"),
        resource("AWS::EC2::Route", ""),
    ]
    assert commands(left, STACK, "eu-west-1") == (
        "aws ec2 terminate-instances --instance-ids i-1 --region eu-west-1",
        "aws cloudcontrol delete-resource --type-name AWS::Lambda::Function --identifier 'a hook' --region eu-west-1",
        "aws ec2 describe-network-interfaces --filters Name=group-id,Values=sg-1 --region eu-west-1",
        "aws ec2 delete-security-group --group-id sg-1 --region eu-west-1",
        "aws ec2 describe-network-interfaces --filters Name=vpc-id,Values=vpc-1 --region eu-west-1",
        "aws ec2 delete-vpc --vpc-id vpc-1 --region eu-west-1",
        f"aws cloudformation delete-stack --stack-name {STACK} --region eu-west-1",
    )


def test_a_database_leaves_a_snapshot() -> None:
    lines = commands([resource("AWS::RDS::DBInstance", "db-1")], STACK, "eu-west-1")
    assert "--final-db-snapshot-identifier db-1-final" in lines[1]


def test_the_local_cloud_is_entered_first_and_the_command_comes_again() -> None:
    told = instructions([], STACK, "eu-west-1", local=True, again="hivemind rollback").splitlines()
    assert told[1].strip() == 'eval "$(hivemind local env)"'
    assert told[-1] == "Then run `hivemind rollback` again."


@pytest.mark.parametrize("kind", sorted(manual_removal._COMMANDS))
def test_each_command_is_an_operation_of_the_service_with_these_parameters(kind: str) -> None:
    """By botocore's models, which the AWS CLI is made from: `aws SERVICE OPERATION --parameter`."""
    import botocore.session
    from botocore import xform_name

    session = botocore.session.get_session()
    for line in commands([resource(kind, "x")], STACK, "eu-west-1"):
        _, service, operation, *rest = line.split()
        if service == "s3":  # the CLI's own commands for files
            assert operation in {"rm", "rb"}
            continue
        model = session.get_service_model(service)
        known = {xform_name(name, "-"): name for name in model.operation_names}
        assert operation in known, line
        shape = model.operation_model(known[operation]).input_shape
        parameters = {xform_name(name, "-") for name in shape.members} if shape else set()
        given = {one[2:] for one in rest if one.startswith("--")} - {"region"}
        assert {re.sub("^no-", "", one) for one in given} <= parameters, line
