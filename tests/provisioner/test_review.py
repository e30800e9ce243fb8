from __future__ import annotations

from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint
from hivemind.blueprint.model import Blueprint, Resource, Route, Service
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Fragment
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

SERVICES = {"web": Service("web", port=8000, needs=("db",))}
RESOURCES = {"db": Resource("db", "postgres", {})}
INSTANCES = "/Resources/WebInstanceSecurityGroup/Properties/SecurityGroupIngress"


def reviewed(*overrides: dict[str, Any], extra: Fragment | None = None, **more: Any) -> tuple[Finding, ...]:
    more = {"services": SERVICES, **more}
    blueprint = Blueprint("shop", resources=RESOURCES, overrides=overrides, **more)
    contributions = [("provisioner", hivemind_fragments(blueprint=blueprint))]
    if extra:
        contributions.append(("extra", (extra,)))
    return tuple(hivemind_lint(assembly=assemble(blueprint, contributions), blueprint=blueprint))


def test_the_provisioners_own_template_passes() -> None:
    assert reviewed() == ()


def test_a_certificate_needs_a_host_that_it_is_for() -> None:
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    found = reviewed(certificate=arn)
    assert [(finding.id, finding.severity, finding.path) for finding in found] == [("H446", "error", "certificate")]
    assert found[0].hint == "Name it: `domain: www.example.com`. Or in the routes of a service."
    assert reviewed(certificate=arn, domain=("www.example.com",)) == ()
    named = {"web": Service("web", port=8000, needs=("db",), routes=(Route(host="shop.example.com"),))}
    assert reviewed(certificate=arn, services=named) == ()


@pytest.mark.parametrize(
    "cidr", [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "128.0.0.0/1"}, {"CidrIpv6": "::/0"}, {"CidrIpv6": "::/1"}]
)
def test_an_override_that_opens_ssh_to_the_world_is_an_error(cidr: dict[str, str]) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **cidr}
    found = reviewed({"op": "add", "path": f"{INSTANCES}/-", "value": rule})
    assert [(finding.id, finding.path) for finding in found] == [("H431", "overrides.0")]
    assert "port 22" in found[0].message


def test_a_plugin_that_opens_a_port_is_named() -> None:
    rule = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}}
    found = reviewed(extra=Fragment("plugins.extra", {"Open": rule}))
    assert [(finding.id, finding.plugin) for finding in found] == [("H431", "extra")]
    assert "all ports" in found[0].message


def test_the_load_balancer_is_open_on_its_listeners_only() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "CidrIp": "0.0.0.0/0"}
    path = "/Resources/ALBSecurityGroup/Properties/SecurityGroupIngress/-"
    assert [finding.id for finding in reviewed({"op": "add", "path": path, "value": rule})] == ["H431"]


def test_data_without_a_deletion_policy_is_an_error() -> None:
    found = reviewed({"op": "remove", "path": "/Resources/DbDatabase/DeletionPolicy"})
    assert [(finding.id, finding.path) for finding in found] == [("H432", "overrides.0")]
    assert "no DeletionPolicy" in found[0].message
    bucket = Fragment("resources.files", {"Files": {"Type": "AWS::S3::Bucket"}})
    assert [finding.plugin for finding in reviewed(extra=bucket)] == ["extra"]


def test_two_services_can_not_both_take_every_request() -> None:
    blueprint = Blueprint("shop", services={"a": Service("a"), "b": Service("b")})
    assembly = assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])
    found = hivemind_lint(assembly=assembly, blueprint=blueprint)
    assert [(finding.id, finding.path) for finding in found] == [("H433", "services.b")]


@pytest.mark.parametrize("cidr", [{"Fn::Sub": "0.0.0.0/0"}, {"Ref": "Everyone"}])
def test_the_world_by_another_name_is_the_world(cidr: dict[str, str]) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": cidr}
    parameter = {"op": "add", "path": "/Parameters/Everyone", "value": {"Type": "String", "Default": "0.0.0.0/0"}}
    found = reviewed(parameter, {"op": "add", "path": f"{INSTANCES}/-", "value": rule})
    assert [(finding.id, finding.path) for finding in found] == [("H431", "overrides.1")]


def test_data_that_would_go_without_a_snapshot_is_a_warning() -> None:
    found = reviewed({"op": "replace", "path": "/Resources/DbDatabase/DeletionPolicy", "value": "Delete"})
    assert [(finding.id, finding.path, finding.is_error) for finding in found] == [("H435", "overrides.0", False)]


@pytest.mark.parametrize("value", ["hunter2hunter2", {"Fn::Sub": "hunter2hunter2"}])
def test_a_password_in_the_template_is_an_error(value: object) -> None:
    path = "/Resources/DbDatabase/Properties/MasterUserPassword"
    found = reviewed({"op": "replace", "path": path, "value": value})
    assert [(finding.id, finding.path) for finding in found] == [("H436", "overrides.0")]
    assert "hunter2" not in f"{found[0].message} {found[0].hint}"
