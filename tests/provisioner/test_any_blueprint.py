"""Whatever a valid blueprint says, these hold for its template."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint, hivemind_schema
from hivemind.blueprint.model import Blueprint
from hivemind.blueprint.source import load
from hivemind.blueprint.validate import validate
from hivemind.lint import lint
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly
from hivemind.template.resource_types import resource_type
from hivemind.testing.strategies import blueprints

pytestmark = pytest.mark.property

EXAMPLES = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
WILD = ("*", "s3:*", "secretsmanager:*", "ssm:*")


def made(data: Mapping[str, Any]) -> Iterator[tuple[Blueprint, Assembly]]:
    """The template of every environment of a blueprint."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hivemind.yaml"
        path.write_text(yaml.safe_dump(dict(data), allow_unicode=True), encoding="utf-8")
        source = load(path)
    for environment in (None, *data.get("environments", {})):
        blueprint, _ = validate(source, {"provisioner": hivemind_schema()}, environment=environment)
        yield blueprint, assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])


@EXAMPLES
@given(blueprints())
def test_only_listeners_are_open_to_the_world(data: dict[str, Any]) -> None:
    for blueprint, assembly in made(data):
        assert hivemind_lint(assembly=assembly, blueprint=blueprint) == ()
        for name, resource in assembly.resources.items():
            if resource["Type"] == "AWS::EC2::SecurityGroup" and name != "ALBSecurityGroup":
                rules = resource["Properties"].get("SecurityGroupIngress", [])
                assert all("SourceSecurityGroupId" in rule or rule["FromPort"] == 22 for rule in rules)
                assert all(rule.get("CidrIp") != "0.0.0.0/0" for rule in rules)


def is_of_instances(role: Any) -> bool:
    (trusted,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return bool(trusted["Principal"] == {"Service": "ec2.amazonaws.com"})


@EXAMPLES
@given(blueprints())
def test_roles_of_instances_allow_nothing_of_their_own(data: dict[str, Any]) -> None:
    for _, assembly in made(data):
        for resource in assembly.resources.values():
            if resource["Type"] != "AWS::IAM::Role" or not is_of_instances(resource):
                continue
            for policy in resource["Properties"].get("Policies", ()):
                assert {one["Effect"] for one in policy["PolicyDocument"]["Statement"]} == {"Deny"}


@EXAMPLES
@given(blueprints())
def test_everything_is_tagged_and_data_is_kept(data: dict[str, Any]) -> None:
    for blueprint, assembly in made(data):
        for name, resource in assembly.resources.items():
            facts = resource_type(resource["Type"])
            assert facts is not None
            properties = resource.get("Properties", {})
            assert facts.required <= set(properties)
            assert set(properties) <= facts.properties
            if facts.tags:
                tags = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
                assert tags["hivemind:deployment"] == blueprint.stack_name
                assert tags["hivemind:owner"] == assembly.owners[name].plugin == "provisioner"
            if resource["Type"] == "AWS::RDS::DBInstance":
                assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Snapshot"


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(blueprints())
def test_cfn_lint_has_nothing_to_say(data: dict[str, Any]) -> None:
    blueprint, assembly = next(made(data))
    assert lint(assembly, region=blueprint.region, worker=False) == ()
