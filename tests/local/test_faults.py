"""The fault table."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.local.faults import Fault, FaultKind, FaultTable

pytestmark = pytest.mark.fast
DB = "AWS::RDS::DBInstance"


@pytest.fixture
def table(tmp_path: Path) -> FaultTable:
    return FaultTable(tmp_path / "faults.json")


def test_a_type_fails_as_often_as_was_said(table: FaultTable) -> None:
    table.add(Fault(FaultKind.FAIL, DB, "no capacity", times=2))
    assert [table.failure(DB, "Db", "create") for _ in range(3)] == ["no capacity", "no capacity", None]


def test_only_the_named_resource_and_operation_fail(table: FaultTable) -> None:
    table.add(Fault(FaultKind.FAIL, DB, "no", logical_id="Db", on="delete"))
    assert table.failure(DB, "Other", "delete") is None
    assert table.failure(DB, "Db", "create") is None
    assert table.failure("AWS::S3::Bucket", "Db", "delete") is None
    assert table.failure(DB, "Db", "delete") == "no"


def test_a_failure_without_message_says_what_it_is(table: FaultTable) -> None:
    table.add(Fault(FaultKind.FAIL, DB))
    assert DB in str(table.failure(DB, None, "create"))


def test_each_nth_call_is_throttled(table: FaultTable) -> None:
    table.add(Fault(FaultKind.THROTTLE, "cloudformation:DescribeStacks", every=3))
    assert [table.refuses("cloudformation:describestacks") for _ in range(6)] == [None, None, FaultKind.THROTTLE] * 2
    assert table.refuses("cloudformation:CreateStack") is None


def test_the_last_delay_of_a_type_holds(table: FaultTable) -> None:
    assert table.delay(DB) is None
    table.add(Fault(FaultKind.DELAY, DB, seconds=5))
    table.add(Fault(FaultKind.DELAY, DB, seconds=0.5))
    assert table.delay(DB) == 0.5
    assert len(table.all()) == 1


def test_faults_survive_a_restart_and_can_be_cleared(table: FaultTable, tmp_path: Path) -> None:
    table.add(Fault(FaultKind.FAIL, DB, "no", times=3))
    table.failure(DB, None, "create")
    again = FaultTable(tmp_path / "faults.json")
    assert again.all() == (Fault(FaultKind.FAIL, DB, "no", times=2),)
    assert again.clear() == 1
    assert FaultTable(tmp_path / "faults.json").all() == ()


@pytest.mark.parametrize("line", [{"kind": "burn", "subject": "x"}, {"kind": "fail", "subject": "x", "on": "sale"}])
def test_nonsense_is_refused(line: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"burn|not a fault"):
        Fault.from_json(line)


def test_as_many_pass_as_was_said(table: FaultTable) -> None:
    table.add(Fault(FaultKind.FAIL, DB, "no", skip=2, times=1))
    assert [table.failure(DB, "Db", "create") for _ in range(4)] == [None, None, "no", None]
    assert table.all() == ()


def test_a_lack_of_capacity_and_a_dependency_read_as_on_aws(table: FaultTable) -> None:
    table.add(Fault(FaultKind.CAPACITY, "AWS::EC2::Instance"))
    table.add(Fault.from_json({"kind": "dependency", "subject": "AWS::EC2::SecurityGroup", "message": "sg-1 has one"}))
    assert "HandlerErrorCode: InsufficientInstanceCapacity" in str(table.failure("AWS::EC2::Instance", "W", "create"))
    assert table.failure("AWS::EC2::SecurityGroup", None, "create") is None
    assert "sg-1 has one (Service: Ec2" in str(table.failure("AWS::EC2::SecurityGroup", None, "delete"))


def test_what_hangs_does_so_until_the_faults_are_cleared(table: FaultTable) -> None:
    table.add(Fault(FaultKind.HANG, DB, logical_id="Db"))
    assert table.hangs(DB, "Db", "create")
    assert not table.hangs(DB, "Other", "create")
    assert table.failure(DB, "Db", "create") is None
    table.clear()
    assert not table.hangs(DB, "Db", "create")


def test_a_broken_operation_is_told_from_a_throttled_one(table: FaultTable) -> None:
    table.add(Fault(FaultKind.BREAK, "ec2:DescribeVpcs", times=1))
    assert [table.refuses("ec2:DescribeVpcs") for _ in range(2)] == [FaultKind.BREAK, None]


def test_denied_actions_take_wildcards(table: FaultTable) -> None:
    table.add(Fault(FaultKind.DENY, "ec2:Create*"))
    assert table.deny_anything
    assert table.denies("ec2:CreateVpc")
    assert not table.denies("ec2:DeleteVpc")
