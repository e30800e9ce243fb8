"""Overrides that give up safety are said, at the override."""

from __future__ import annotations

from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint
from hivemind.blueprint.model import Blueprint, Resource, Service
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Fragment
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

WEB = "/Resources/WebInstance1/Properties"
DATABASE = "/Resources/DbDatabase/Properties"
ROLE = "/Resources/WebInstanceRole/Properties"
STATEMENTS = f"{ROLE}/Policies/0/PolicyDocument/Statement"
BUCKET = "/Resources/S3ArtifactBucket/Properties/PublicAccessBlockConfiguration"


def reviewed(*overrides: dict[str, Any], extra: Fragment | None = None) -> list[Finding]:
    blueprint = Blueprint(
        "shop",
        services={"web": Service("web", port=8000, needs=("db",), os="amazon-linux-2023")},
        resources={"db": Resource("db", "postgres", {})},
        overrides=overrides,
    )
    contributions = [("provisioner", hivemind_fragments(blueprint=blueprint))]
    if extra:
        contributions.append(("extra", (extra,)))
    return list(hivemind_lint(assembly=assemble(blueprint, contributions), blueprint=blueprint))


def replaced(path: str, value: object) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def removed(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def added(path: str, value: object) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def allowed(action: object, resource: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("override", "identity", "words"),
    [
        (replaced(f"{WEB}/MetadataOptions/HttpTokens", "optional"), "H439", "WebInstance1"),
        (removed(f"{WEB}/MetadataOptions/HttpTokens"), "H439", "IMDSv1"),
        (removed(f"{WEB}/MetadataOptions"), "H439", "IMDSv1"),
        (replaced(f"{WEB}/BlockDeviceMappings/0/Ebs/Encrypted", False), "H437", "volume of WebInstance1"),
        (removed(f"{WEB}/BlockDeviceMappings/0/Ebs/Encrypted"), "H437", "volume of WebInstance1"),
        (removed(f"{WEB}/BlockDeviceMappings"), "H437", "volume of WebInstance1"),
        (replaced(f"{DATABASE}/StorageEncrypted", "false"), "H437", "DbDatabase"),
        (removed(f"{DATABASE}/StorageEncrypted"), "H437", "DbDatabase"),
        (replaced(f"{DATABASE}/PubliclyAccessible", True), "H438", "DbDatabase"),
        (replaced(f"{DATABASE}/PubliclyAccessible", {"Fn::Sub": "true"}), "H438", "DbDatabase"),
        (replaced(f"{BUCKET}/BlockPublicPolicy", False), "H438", "BlockPublicPolicy"),
        (added(f"{STATEMENTS}/-", allowed("*", "arn:aws:s3:::a")), "H442", "everything"),
        (added(f"{STATEMENTS}/-", allowed(["s3:*"], "arn:aws:s3:::a")), "H442", "s3:*"),
        (
            added(f"{STATEMENTS}/-", allowed("secretsmanager:GetSecretValue", "*")),
            "H442",
            "secretsmanager:GetSecretValue on everything",
        ),
        (added(f"{STATEMENTS}/-", allowed(["kms:Decrypt"], ["*"])), "H442", "kms:Decrypt"),
        (removed(f"{STATEMENTS}/0"), "H442", "every SSM parameter"),
        (added(f"{ROLE}/ManagedPolicyArns/-", "arn:aws:iam::aws:policy/AdministratorAccess"), "H442", "Administrator"),
        (replaced("/Resources/VPC/Properties/Tags", [{"Key": "Name", "Value": "a"}]), "H443", "hivemind:deployment"),
        (removed(f"{DATABASE}/Tags"), "H443", "DbDatabase"),
        (replaced("/Resources/DbDatabase/UpdateReplacePolicy", "Delete"), "H435", "replaced"),
    ],
)
def test_an_override_that_gives_up_safety_is_a_warning_at_its_line(
    override: dict[str, Any], identity: str, words: str
) -> None:
    found = reviewed(added("/Resources/VPC/Metadata", {}), override)
    assert [(one.id, one.path, one.severity.value) for one in found] == [(identity, "overrides.1", "warning")]
    assert words in found[0].message
    assert found[0].hint


@pytest.mark.parametrize(
    "override",
    [
        replaced(f"{WEB}/MetadataOptions", {"HttpEndpoint": "disabled"}),
        added(f"{STATEMENTS}/-", allowed(["cloudwatch:PutMetricData", "ec2:DescribeTags"], "*")),
        added(f"{STATEMENTS}/-", {"Effect": "Deny", "Action": "*", "Resource": "*"}),
        added("/Resources/VPC/Properties/Tags/-", {"Key": "team", "Value": "a"}),
        added("/Resources/Free", {"Type": "AWS::EC2::EIP"}),
    ],
)
def test_overrides_that_give_up_nothing_are_not_remarked_on(override: dict[str, Any]) -> None:
    assert reviewed(override) == []


def test_what_is_moved_away_is_laid_to_the_move() -> None:
    move = {"op": "move", "from": f"{WEB}/MetadataOptions", "path": "/Resources/VPC/Metadata"}
    assert [(one.id, one.path) for one in reviewed(move)] == [("H439", "overrides.0")]


def test_of_two_overrides_the_later_one_is_named() -> None:
    options = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    found = reviewed(
        replaced(f"{WEB}/MetadataOptions", options), replaced(f"{WEB}/MetadataOptions/HttpTokens", "optional")
    )
    assert [one.path for one in found] == ["overrides.1"]


def test_a_plugins_unencrypted_volume_is_the_plugins() -> None:
    volume = {"Type": "AWS::EC2::Volume", "DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    found = reviewed(extra=Fragment("resources.disk", {"Disk": {**volume, "Properties": {"Size": 10}}}))
    assert [(one.id, one.plugin, one.path) for one in found] == [("H437", "extra", "resources.disk")]
