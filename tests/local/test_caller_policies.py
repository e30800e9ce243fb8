"""What callers of the local cloud may do: the policies of an account are evaluated, and nothing else is allowed."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("ministack", reason="needs the extra `local`")

from hivemind.local.emulated_callers import Callers
from hivemind.local.emulator import Emulator, prepare_environment
from hivemind.local.faults import Fault, FaultKind, FaultTable
from hivemind.testing.clients import raw

ACCOUNT, REGION = "111111111111", "eu-west-1"
VPC = "AWS::EC2::VPC"
LIMIT = [{"Statement": [{"Effect": "Allow", "Action": "x:y", "Resource": "*"}]}]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.environ", dict(__import__("os").environ))
        prepare_environment(tmp_path_factory.mktemp("aws"), 1, REGION)
        yield Emulator()


@pytest.fixture(scope="module")
def callers(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Callers:
    folder = tmp_path_factory.mktemp("callers")
    return Callers(emulator, folder / "policies.json", FaultTable(folder / "faults.json"))


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"} | one for one in statements]}


def allowed(callers: Callers, emulator: Emulator, action: str, resource: str = "*") -> bool:
    with emulator.scope(ACCOUNT, REGION):
        return callers.denied(action, resource) is None


NAMES = st.sampled_from(["ec2:CreateVpc", "ec2:DeleteVpc", "ec2:DescribeVpcs", "s3:GetObject", "iam:PassRole"])
PATTERNS = st.sampled_from(
    ["*", "ec2:*", "ec2:Create*", "EC2:DELETEVPC", "s3:Get*", "iam:PassRole", "ec2:D*s", "ec2:?"]
)
ARNS = st.sampled_from(["*", "arn:aws:s3:::shop-a/x", "arn:aws:s3:::other", "arn:aws:iam::1:role/shop-r"])
PLACES = st.sampled_from(["*", "arn:aws:s3:::shop-*", "arn:aws:iam::*:role/shop-*"])
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Resource": st.lists(PLACES, min_size=1, max_size=2)}
).flatmap(
    lambda base: st.tuples(st.sampled_from(["Action", "NotAction"]), st.lists(PATTERNS, min_size=1, max_size=2)).map(
        lambda pair: base | {pair[0]: pair[1]}
    )
)


@pytest.mark.property
@given(statements=st.lists(STATEMENTS, min_size=1, max_size=4), action=NAMES, resource=ARNS)
def test_a_denial_wins_and_what_nothing_allows_is_denied(
    callers: Callers, emulator: Emulator, statements: list[dict[str, Any]], action: str, resource: str
) -> None:
    def matches(one: dict[str, Any]) -> bool:
        if not any(fnmatch.fnmatchcase(resource, pattern) for pattern in one["Resource"]):
            return False
        listed = any(fnmatch.fnmatchcase(action.lower(), p.lower()) for p in one.get("Action", one.get("NotAction")))
        return listed == ("Action" in one)

    effects = {one["Effect"] for one in statements if matches(one)}
    callers.restrict(ACCOUNT, [{"Version": "2012-10-17", "Statement": statements}])
    assert allowed(callers, emulator, action, resource) == (effects == {"Allow"})


@pytest.mark.fast
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringLike": {"aws:RequestedRegion": "eu-*"}}, True),
        ({"StringEqualsIfExists": {"aws:Unheard": "x"}}, True),
        ({"StringEquals": {"aws:Unheard": "x"}}, False),
        ({"Null": {"aws:Unheard": "true"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    ],
)
def test_conditions(callers: Callers, emulator: Emulator, condition: dict[str, Any], holds: bool) -> None:
    callers.restrict(ACCOUNT, [policy({"Action": "ec2:*", "Condition": condition})])
    assert allowed(callers, emulator, "ec2:CreateVpc") == holds


@pytest.mark.fast
def test_an_account_without_policies_may_do_everything(callers: Callers, emulator: Emulator) -> None:
    callers.restrict(ACCOUNT, [policy({"Action": "s3:*"})])
    assert not allowed(callers, emulator, "ec2:CreateVpc")
    callers.restrict(ACCOUNT, [])
    assert allowed(callers, emulator, "ec2:CreateVpc")


@pytest.mark.fast
@pytest.mark.parametrize("wrong", [{}, {"Statement": [{"Effect": "Perhaps"}]}, {"Statement": [{"Effect": "Allow"}]}])
def test_what_is_no_policy_is_refused(callers: Callers, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a policy"):
        callers.restrict(ACCOUNT, [wrong])


@pytest.mark.fast
def test_policies_last_longer_than_the_process(emulator: Emulator, tmp_path: Path) -> None:
    Callers(emulator, tmp_path / "p.json", FaultTable(tmp_path / "f.json")).restrict(
        ACCOUNT, [policy({"Action": "x:y"})]
    )
    again = Callers(emulator, tmp_path / "p.json", FaultTable(tmp_path / "f.json"))
    assert not allowed(again, emulator, "ec2:CreateVpc")


@pytest.mark.fast
def test_what_a_fault_denies_is_denied_to_everyone(emulator: Emulator, tmp_path: Path) -> None:
    faults = FaultTable(tmp_path / "f.json")
    callers = Callers(emulator, tmp_path / "p.json", faults)
    faults.add(Fault(FaultKind.DENY, "ec2:Create*", times=1))
    with emulator.scope(ACCOUNT, REGION):
        said = callers.refuses(VPC, "create", "shop-Vpc", {})
        assert said
        assert "is not authorized to perform: ec2:Create" in said
        assert callers.refuses(VPC, "create", "shop-Vpc", {}) is None, "once was all"


@pytest.mark.fast
def test_cloudformation_does_what_its_caller_may(callers: Callers, emulator: Emulator) -> None:
    everything = [policy({"Action": ["ec2:*", "iam:*"]})]
    less = [policy({"Action": ["ec2:*", "iam:*"]}, {"Effect": "Deny", "Action": "ec2:CreateVpc"})]
    with emulator.scope(ACCOUNT, REGION):
        callers.restrict(ACCOUNT, everything)
        assert callers.refuses(VPC, "create", "shop-Vpc", {}) is None
        callers.restrict(ACCOUNT, less)
        assert "ec2:CreateVpc" in str(callers.refuses(VPC, "create", "shop-Vpc", {}))
        assert callers.refuses(VPC, "delete", "vpc-1", {}) is None
        callers.restrict(ACCOUNT, [policy({"Action": "iam:*", "Resource": "arn:aws:iam::*:role/shop-*"})])
        assert callers.refuses("AWS::IAM::Role", "create", "shop-Role", {}) is None
        assert "role/other-Role" in str(callers.refuses("AWS::IAM::Role", "create", "other-Role", {}))
    callers.clear()


def test_requests_of_a_limited_account_are_refused_as_on_aws(cloud: Any, local_cloud: Any) -> None:
    local_cloud.restrict(cloud.account, policy({"Action": "ec2:DescribeVpcs"}))
    ec2 = raw(cloud, "ec2")
    assert "Vpcs" in ec2.describe_vpcs()
    with pytest.raises(ClientError, match="is not authorized to perform: ec2:CreateVpc") as refused:
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation"
    with pytest.raises(ClientError, match="cloudformation:ListStacks"):
        raw(cloud, "cloudformation").list_stacks()
    with pytest.raises(ClientError, match=r"Forbidden|403"):
        raw(cloud, "s3").head_bucket(Bucket="any")
    assert raw(cloud, "sts").get_caller_identity()["Account"] == cloud.account
    local_cloud.clear_faults()
    assert json.dumps(raw(cloud, "cloudformation").list_stacks()["StackSummaries"]) == "[]"
