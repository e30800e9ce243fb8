"""Accounts: two checkouts do not meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.local.accounts import account_for, accounts
from hivemind.testing.clients import raw


@pytest.fixture
def checkouts(tmp_path: Path) -> tuple[Path, Path]:
    made = tmp_path / "one", tmp_path / "two"
    for folder in made:
        folder.mkdir()
    return made


@pytest.mark.fast
def test_the_first_checkout_gets_the_usual_account(tmp_path: Path, checkouts: tuple[Path, Path]) -> None:
    assert account_for(checkouts[0], "shop", tmp_path) == "000000000000"
    assert account_for(checkouts[1], "blog", tmp_path) == "000000000000"


@pytest.mark.fast
def test_another_checkout_with_the_same_name_gets_the_next(tmp_path: Path, checkouts: tuple[Path, Path]) -> None:
    first, second = checkouts
    assert account_for(first, "shop", tmp_path) == "000000000000"
    assert account_for(second, "shop", tmp_path) == "000000000001"
    assert account_for(first, "shop", tmp_path) == "000000000000"
    assert account_for(second, "shop", tmp_path) == "000000000001"
    assert [one.number for one in accounts(tmp_path)] == ["000000000000", "000000000001"]


@pytest.mark.fast
def test_the_account_of_a_folder_that_is_gone_is_given_anew(tmp_path: Path, checkouts: tuple[Path, Path]) -> None:
    first, second = checkouts
    account_for(first, "shop", tmp_path)
    first.rmdir()
    assert account_for(second, "shop", tmp_path) == "000000000000"
    assert [one.checkout for one in accounts(tmp_path)] == [str(second)]


@pytest.mark.slow
def test_stacks_of_two_checkouts_are_apart(local_cloud, checkouts: tuple[Path, Path]) -> None:
    template = '{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}'
    clouds = [local_cloud.connect(folder, "apart", "eu-west-1") for folder in checkouts]
    assert clouds[0].account != clouds[1].account
    made = clouds[0].client("cloudformation").create_stack(StackName="apart", TemplateBody=template)
    assert clouds[0].account in made["StackId"]
    seen = clouds[1].client("cloudformation").list_stacks()["StackSummaries"]
    assert [one for one in seen if one["StackName"] == "apart"] == []
    assert clouds[1].client("sts").get_caller_identity()["Account"] == clouds[1].account
    cloudformation = raw(clouds[0], "cloudformation")
    cloudformation.delete_stack(StackName="apart")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="apart", WaiterConfig={"Delay": 1})
