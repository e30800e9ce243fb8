"""docs/permissions.md allows what HiveMind calls and what its resources need, and fits into a policy."""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import Path
from typing import Any

import pytest

from hivemind.aws.policy import LARGEST, full_policy, needed, own_calls, policy, role_policy
from hivemind.aws.policy_statements import LOOKS
from hivemind.template.images import PARAMETER_TYPE

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def statements() -> list[dict[str, Any]]:
    text = (ROOT / "docs/permissions.md").read_text(encoding="utf-8")
    policy = json.loads(text.split("```json\n")[1].split("```")[0])
    assert len(json.dumps(policy, separators=(",", ":"))) <= LARGEST
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def allows(statements: list[dict[str, Any]], action: str) -> bool:
    given = (one["Action"] if isinstance(one["Action"], list) else [one["Action"]] for one in statements)
    return any(fnmatch.fnmatchcase(action, pattern) for patterns in given for pattern in patterns)


def test_what_hivemind_calls_is_allowed(statements: list[dict[str, Any]]) -> None:
    calls = own_calls(["AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup"]) | set(LOOKS.split())
    assert [call for call in sorted(calls) if not allows(statements, call)] == []


def test_what_the_resources_of_templates_need_is_allowed(statements: list[dict[str, Any]]) -> None:
    kinds: set[str] = set()
    for template in ROOT.glob("tests/golden/*/template.yaml"):
        kinds |= set(re.findall(r"^    Type: (AWS::\S+)$", template.read_text(encoding="utf-8"), re.MULTILINE))
    kinds -= {PARAMETER_TYPE}
    assert len(kinds) > 20
    lacking = {}
    for kind in sorted(kinds):
        lacking[kind] = [one for one in sorted(needed([kind])) if not allows(statements, one)]
    assert {kind: found for kind, found in lacking.items() if found} == {}


def test_nothing_is_allowed_that_makes_an_administrator(statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any(action in {"*", "iam:*"} for action in actions)
        if any(action.startswith("iam:") for action in actions):
            assert statement["Resource"] != "*"
    assert not allows(statements, "iam:CreateUser")
    assert not allows(statements, "iam:CreatePolicyVersion")


def test_the_page_shows_the_policy_that_the_command_takes_from(statements: list[dict[str, Any]]) -> None:
    assert statements == full_policy("shop")["Statement"]


@pytest.mark.parametrize("golden", sorted(path.parent.name for path in ROOT.glob("tests/golden/*/template.yaml")))
def test_the_smallest_policy_of_a_blueprint_has_what_it_needs_and_fits(golden: str) -> None:
    text = (ROOT / "tests/golden" / golden / "template.yaml").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^    Type: (AWS::\S+)$", text, re.MULTILINE)) - {PARAMETER_TYPE}
    template = {"Resources": {kind: {"Type": kind} for kind in kinds}}
    made = policy("shop", template)
    assert len(json.dumps(made, separators=(",", ":"))) <= LARGEST
    wanted = own_calls(kinds) | needed(kinds)
    assert [one for one in sorted(wanted) if not allows(made["Statement"], one)] == []
    if "AWS::RDS::DBInstance" not in kinds:
        assert not allows(made["Statement"], "rds:CreateDBInstance")
        assert not allows(made["Statement"], "rds:DeleteDBInstance")


def test_with_a_service_role_the_caller_has_no_rights_over_resources() -> None:
    kinds = ["AWS::EC2::VPC", "AWS::RDS::DBInstance", "AWS::IAM::Role", "AWS::S3::Bucket"]
    template = {"Resources": {kind: {"Type": kind} for kind in kinds}}
    arn = "arn:aws:iam::123456789012:role/shop-cloudformation"
    caller, role = policy("shop", template, role_arn=arn)["Statement"], role_policy("shop", template)["Statement"]
    for action in ("ec2:CreateVpc", "rds:CreateDBInstance", "iam:CreateRole", "s3:CreateBucket"):
        assert not allows(caller, action)
        assert allows(role, action)
    passed = next(one for one in caller if one["Action"] == "iam:PassRole")
    assert passed["Resource"] == arn
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert not allows(role, "cloudformation:CreateStack")
    assert [one for one in sorted(own_calls(kinds)) if not allows(caller, one)] == []


def test_a_state_in_a_bucket_of_its_own_is_in_the_policy() -> None:
    made = policy("shop", {"Resources": {}}, state="s3://team-states/shop")["Statement"]
    kept = {one["Sid"]: one for one in made}
    assert kept["State"]["Resource"] == "arn:aws:s3:::team-states/shop/*"
    assert kept["StateList"]["Resource"] == "arn:aws:s3:::team-states"


SIGNED_AS = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
"""Clients whose actions have another prefix in IAM (Service Authorization Reference)."""
OTHER_NAMES = {
    "s3:headbucket": "s3:ListBucket",
    "s3:listobjectversions": "s3:ListBucketVersions",
    # A signature is made on this machine.
    "s3:generatepresignedurl": "s3:GetObject",
}


def test_every_call_in_the_source_is_in_the_policy() -> None:
    known = own_calls(["AWS::RDS::", "AWS::ElastiCache::", "AWS::AutoScaling::"]) | set(LOOKS.split())
    by_name = {action.lower() for action in known}
    called = set()
    for file in (ROOT / "hivemind").rglob("*.py"):
        if "local" in file.relative_to(ROOT).parts:
            continue
        for service, operation in re.findall(
            r'client\("([a-z0-9-]+)"\)\.([a-z_]+)\(', file.read_text(encoding="utf-8")
        ):
            if operation != "get_paginator":
                called.add(f"{SIGNED_AS.get(service, service)}:{operation.replace('_', '')}")
    assert len(called) > 30
    assert sorted(one for one in called if OTHER_NAMES.get(one, one).lower() not in by_name) == []
