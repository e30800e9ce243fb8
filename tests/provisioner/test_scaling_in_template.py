"""Auto Scaling groups in the template: what their instances are, may read, and do at their first boot."""

from __future__ import annotations

import email
from dataclasses import replace
from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments
from hivemind.blueprint.model import (
    Blueprint,
    DeploymentStage,
    Network,
    Resource,
    SecretReference,
    Service,
    ServiceKind,
)
from hivemind.blueprint.scaling import Scaling
from hivemind.template.assemble import assemble

pytestmark = pytest.mark.fast

WEB = Service(
    "web", port=8000, instances=2, scaling=Scaling(2, 6), needs=("db",), os="ubuntu-24.04",
    secrets={"KEY": SecretReference("ssm", "/shop/key"), "MAIL": SecretReference("secretsmanager", "mail", "pass"),
             "OWN": SecretReference("generated", "OWN")},
)  # fmt: skip
SHOP = Blueprint("shop", services={"web": WEB}, resources={"db": Resource("db", "postgres", {"version": "16"})})


def resources(blueprint: Blueprint) -> dict[str, Any]:
    return dict(assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))]).resources)


def allowed(made: dict[str, Any]) -> dict[str, Any]:
    document = made["WebScalingAccess"]["Properties"]["PolicyDocument"]
    return {one["Action"][0]: one["Resource"] for one in document["Statement"]}


def test_a_role_reads_the_release_and_the_secrets_of_its_service_alone() -> None:
    made = resources(SHOP)
    may = allowed(made)
    assert may["s3:GetObject"] == [{"Fn::Sub": "${S3ArtifactBucket.Arn}/running/web/*"}]
    parameter = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/key"
    assert may["ssm:GetParameter"] == [{"Fn::Sub": parameter}]
    generated, mail, database = may["secretsmanager:GetSecretValue"]
    assert generated == {"Ref": "OwnGeneratedSecret"}
    assert mail["Fn::Sub"].endswith(":secret:mail-??????")
    assert database == {"Ref": "DbDatabaseSecret"}
    assert made["WebScalingGroup"]["DependsOn"] == ["WebScalingAccess"]
    assert "DbDatabase" in made["WebScalingAccess"]["DependsOn"], "instances come when there is a database"
    assert may["cloudformation:SignalResource"] == [{"Ref": "AWS::StackId"}]
    (deny,) = made["WebInstanceRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert {"Fn::Sub": parameter} in deny["NotResource"], "what the role reads is not denied to it again"


def test_a_fixed_number_of_instances_reads_nothing() -> None:
    made = resources(replace(SHOP, services={"web": replace(WEB, scaling=None)}))
    assert "WebScalingAccess" not in made
    assert [name for name in made if "WebInstance" in name and name[-1].isdigit()] == ["WebInstance1", "WebInstance2"]


def test_the_current_release_does_not_go_by_age() -> None:
    rules = resources(SHOP)["S3ArtifactBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert not any("running/web/manifest.json".startswith(rule.get("Prefix", "-")) for rule in rules)


def test_a_group_replaces_what_the_load_balancer_gets_no_answer_from() -> None:
    group = resources(SHOP)["WebScalingGroup"]["Properties"]
    assert (group["MinSize"], group["MaxSize"], group["HealthCheckType"]) == ("2", "6", "ELB")
    assert group["HealthCheckGracePeriod"] == 360
    assert group["TargetGroupARNs"] == [{"Ref": "WebTargetGroup"}]
    assert "DesiredCapacity" not in group, "an update of the stack must not undo what the group scaled to"


def test_a_worker_has_no_load_balancer_to_ask() -> None:
    group = resources(replace(SHOP, services={"web": replace(WEB, kind=ServiceKind.WORKER)}))["WebScalingGroup"]
    assert group["Properties"]["HealthCheckType"] == "EC2"
    assert "TargetGroupARNs" not in group["Properties"]


@pytest.mark.parametrize(("scaling", "kept"), [((1, 1), 0), ((2, 2), 1), ((2, 6), 2)])
def test_an_update_keeps_as_many_in_service_as_it_can(scaling: tuple[int, int], kept: int) -> None:
    made = resources(replace(SHOP, services={"web": replace(WEB, scaling=Scaling(*scaling))}))
    policy = made["WebScalingGroup"]["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert (policy["MinInstancesInService"], policy["WaitOnResourceSignals"]) == (kept, True)
    assert ("WebScalingPolicy" in made) == (scaling[0] < scaling[1])


def test_without_a_way_out_nobody_waits_for_a_message_of_the_instances() -> None:
    plain = replace(WEB, needs=(), secrets={})
    made = resources(replace(SHOP, services={"web": plain}, network=Network(egress="none")))
    assert not made["WebScalingGroup"]["UpdatePolicy"]["AutoScalingRollingUpdate"]["WaitOnResourceSignals"]
    assert list(allowed(made)) == ["s3:GetObject"]


def test_stage_1_has_its_group_in_public_subnets() -> None:
    group = resources(replace(SHOP, stage=DeploymentStage.STAGE_1))["WebScalingGroup"]
    assert group["Properties"]["VPCZoneIdentifier"] == [{"Ref": "VPCPublicSubnet1"}, {"Ref": "VPCPublicSubnet2"}]
    assert "VPCPublicRoute" in group["DependsOn"]


def test_user_data_are_small_and_run_as_they_are() -> None:
    data = resources(SHOP)["WebLaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
    text = data["Fn::Base64"]["Fn::Sub"]
    assert len(text) < 16_384, "EC2 takes no more"
    for name, value in (("AWS::Region", "eu-west-1"), ("AWS::URLSuffix", "amazonaws.com"), ("AWS::StackName", "s")):
        text = text.replace(f"${{{name}}}", value)
    config, script = email.message_from_string(text.replace("${S3ArtifactBucket}", "artifacts")).get_payload()
    assert (config.get_content_type(), script.get_content_type()) == ("text/cloud-config", "text/x-shellscript")
    source = str(script.get_payload())
    assert source.startswith("#!/usr/bin/env python3\n")
    compile(source, "user-data", "exec")
    assert 'first_boot("eu-west-1.amazonaws.com", "artifacts", "web", "s", "WebScalingGroup")' in source
    assert "${" not in source
