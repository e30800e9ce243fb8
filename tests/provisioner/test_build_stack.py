"""The stack of build instances, whole, and as a person who reviews its security would see it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from hivemind import hook
from hivemind.agents.provisioner.hooks import hivemind_fragments
from hivemind.blueprint.model import Blueprint, DeploymentStage, Network, Resource, SecretReference, Service
from hivemind.deploy.build_stack import assembly as asked_of
from hivemind.plugins.loading import load
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly, Fragment
from hivemind.template.render import as_yaml
from hivemind.testing import plugins_of

FILE = Path(__file__).with_name("build_stack.yaml")
WRITE = os.environ.get("HIVEMIND_WRITE_GOLDEN") == "1"
WEB = Service(
    "web",
    size="t4g.small",
    build_on="t4g.large",
    needs=("db",),
    disk=60,
    secrets={"KEY": SecretReference("ssm", "/shop/key")},
    env={"TOKEN": "abc"},
)
API = Service("my-api", os="amazon-linux-2023", build_on="t3.large")
SHOP = Blueprint(
    "shop",
    services={"web": WEB, "my-api": API, "other": Service("other")},
    resources={"db": Resource("db", "postgres", {"version": "16"})},
    network=Network(egress="none", ssh_from=("203.0.113.0/24",)),
    tags={"team": "shop"},
    overrides=({"op": "remove", "path": "/Resources/WebInstance1"},),
)


def assembly(blueprint: Blueprint, services: tuple[Service, ...]) -> Assembly:
    return asked_of(blueprint, services, load(third_party=False))


@pytest.mark.fast
def test_golden_build_stack() -> None:
    text = as_yaml(assembly(SHOP, (WEB, API)).template)
    if WRITE:
        FILE.write_text(text, encoding="utf-8")
    assert text == FILE.read_text(encoding="utf-8"), "make golden writes it again"


@pytest.mark.fast
def test_who_reviews_it_finds_ssh_alone_let_in_and_no_role() -> None:
    made = assembly(SHOP, (WEB, API))
    types = {resource["Type"] for resource in made.resources.values()}
    assert not any(kind.startswith("AWS::IAM") for kind in types)
    assert set(made.template["Parameters"]) >= {"SshPublicKey", "Revision"}
    assert "/shop/key" not in made.text
    assert "abc" not in made.text
    group = made.resources["BUILDSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert {(rule["FromPort"], rule["ToPort"]) for rule in group} == {(22, 22)}
    assert [rule["CidrIp"] for rule in group if "CidrIp" in rule] == ["203.0.113.0/24"]


@pytest.mark.fast
def test_its_instances_are_like_those_that_run_the_services_and_end_by_themselves() -> None:
    made = assembly(SHOP, (WEB, API))
    web = made.resources["WebBuildInstance"]["Properties"]
    api = made.resources["MyDashApiBuildInstance"]["Properties"]
    assert (web["InstanceType"], web["ImageId"]) == ("t4g.large", {"Ref": "ImageDebian12Arm"})
    assert (api["InstanceType"], api["ImageId"]) == ("t3.large", {"Ref": "ImageAmazonLinux2023X86"})
    assert web["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 60
    for one in (web, api):
        assert "IamInstanceProfile" not in one
        assert one["MetadataOptions"]["HttpTokens"] == "required"
        assert one["InstanceInitiatedShutdownBehavior"] == "terminate"
        assert "shutdown" in one["UserData"]["Fn::Base64"]
        tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        assert (tags["hivemind:deployment"], tags["hivemind:owner"], tags["team"]) == (
            "shop-production",
            "provisioner",
            "shop",
        )


@pytest.mark.fast
def test_nothing_of_it_outlives_it() -> None:
    for resource in assembly(SHOP, (WEB,)).resources.values():
        assert resource.get("DeletionPolicy", "Delete") == "Delete"


@pytest.mark.fast
def test_it_takes_no_type_that_the_deployment_does_not_take() -> None:
    own = assemble(
        replace(SHOP, overrides=()), [("provisioner", hivemind_fragments(blueprint=replace(SHOP, overrides=())))]
    )
    types = {resource["Type"] for resource in own.resources.values()}
    assert {resource["Type"] for resource in assembly(SHOP, (WEB, API)).resources.values()} <= types


@pytest.mark.fast
def test_other_plugins_add_to_it_what_they_mean_for_it_alone() -> None:
    asked: list[Blueprint] = []

    def fragments(blueprint: Blueprint) -> tuple[Fragment, ...]:
        asked.append(blueprint)
        topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
        return (Fragment("network", {"AcmeTopic": topic}), Fragment("builds.acme", {"BuildTopic": topic}))

    acme = ModuleType("acme")
    vars(acme)["hivemind_fragments"] = hook(fragments)
    resources = asked_of(SHOP, (WEB,), plugins_of(acme=acme)).resources
    assert "BuildTopic" in resources
    assert "AcmeTopic" not in resources
    assert [one.builds for one in asked] == [True]
    web = asked[0].services["web"]
    assert (web.size, web.env, web.secrets, web.needs) == ("t4g.large", {}, {}, ())
    assert not asked[0].resources
    assert not asked[0].web_services


def test_cfn_lint_is_silent() -> None:
    from hivemind.lint import lint

    assert lint(assembly(SHOP, (WEB, API)), regions=("us-east-1", "eu-central-1"), worker=False) == ()


@pytest.mark.fast
@pytest.mark.parametrize(
    ("network", "stage", "endpoints"),
    [
        (Network(), DeploymentStage.PRODUCTION, 1),
        (Network(ssh_from=("203.0.113.0/24",)), DeploymentStage.PRODUCTION, 1),
        (Network(ssh_endpoint="eice-0123456789abcdef0", ssh_from=("10.1.0.0/24",)), DeploymentStage.PRODUCTION, 1),
        (Network(), DeploymentStage.STAGE_1, 1),
        (Network(ssh_from=("203.0.113.0/24",)), DeploymentStage.STAGE_1, 0),
    ],
)
def test_build_instances_are_reached_as_the_deployments_are(
    network: Network, stage: DeploymentStage, endpoints: int
) -> None:
    """An endpoint of another network is not routed to theirs, so that they get one of their own."""
    made = assembly(replace(SHOP, network=network, stage=stage), (WEB,))
    kinds = [resource["Type"] for resource in made.resources.values()]
    assert kinds.count("AWS::EC2::InstanceConnectEndpoint") == endpoints
