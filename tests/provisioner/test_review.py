from __future__ import annotations

from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint
from hivemind.blueprint.model import Blueprint, Job, Resource, Route, Service, ServiceKind
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Fragment
from hivemind.values.errors import FindingsError
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


def test_a_name_that_no_service_answers_at_is_an_error() -> None:
    bot = {"bot": Service("bot", kind=ServiceKind.WORKER, start="run", needs=("db",))}
    (found,) = reviewed(services=bot, domain=("shop.example.com",), zone="Z0123456789")
    assert (found.id, found.severity, found.path) == ("H165", "error", "domain")
    assert "no service listens, so that nothing answers at shop.example.com" in found.message
    assert reviewed(domain=("shop.example.com",), zone="Z0123456789") == ()


def test_more_jobs_than_an_instance_has_tags_for_is_found_before_aws_refuses_them() -> None:
    def tags(jobs: int, own: int = 0) -> tuple[Finding, ...]:
        beside = tuple(Job(f"job{number}", start="run", schedule="0 3 * * *") for number in range(jobs))
        services = {"web": Service("web", port=8000, needs=("db",), jobs=beside)}
        return reviewed(services=services, tags={f"t{number}": "x" for number in range(own)})

    most = next(number for number in range(30, 60) if _refused(tags, number)) - 1
    assert tags(most) == ()
    (found,) = _refused(tags, most + 1)
    assert (found.id, found.path) == ("H168", "services.web")
    assert f"each of its {most + 1} jobs takes one" in found.message
    assert f"An instance has room for {most} jobs" in str(found.hint)
    assert "H168" in {one.id for one in _refused(tags, 0, 48)}


def _refused(make: Any, *counts: int) -> tuple[Finding, ...]:
    try:
        make(*counts)
    except FindingsError as error:
        return tuple(error.findings)
    return ()
