"""What could not be carried out later is found in the assembled template: bindings and parameters without a value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hivemind.agents import conductor, deployer
from hivemind.blueprint.model import Blueprint, Resource, Service, ServiceKind
from hivemind.blueprint.strategy import Strategy, Way
from hivemind.plugins.loading import load
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly, Binding, Fragment

pytestmark = pytest.mark.fast

BLUEPRINT = Blueprint("shop", services={"web": Service("web")}, resources={"queue": Resource("queue", "queue")})
QUEUE = {"Queue": {"Type": "AWS::SQS::Queue"}}
OUTPUTS = {"QueueUrl": {"Value": {"Ref": "Queue"}}}
IMAGE = {"Image": {"Type": "AWS::EC2::Image::Id"}}


def assembly(fragment: Fragment, blueprint: Blueprint = BLUEPRINT) -> Assembly:
    return assemble(blueprint, [("queues", (fragment,))])


def bound(env: dict[str, str]) -> Assembly:
    binding = Binding("queue", env, outputs={"url": "QueueUrl"}, secrets={"token": ("QueueUrl", "token")})
    return assembly(Fragment("resources.queue", QUEUE, outputs=OUTPUTS, bindings=(binding,)))


def test_a_binding_without_a_value_is_its_plugins_mistake() -> None:
    (found,) = deployer.hivemind_lint(assembly=bound({"QUEUE_URL": "{url}/{nmae}"}), blueprint=BLUEPRINT)
    assert (found.id, found.is_error, found.plugin, found.path) == ("H407", True, "queues", "resources.queue")
    assert "QUEUE_URL" in found.message
    assert "{nmae}" in found.message
    assert "token, url" in (found.hint or "")


def test_a_binding_with_all_its_values_is_none() -> None:
    assert deployer.hivemind_lint(assembly=bound({"A": "{url}?{token}", "B": "plain {}"}), blueprint=BLUEPRINT) == ()


def test_a_parameter_that_nobody_fills_is_an_error_where_it_comes_from() -> None:
    (found,) = conductor.hivemind_lint(
        assembly=assembly(Fragment("resources.queue", QUEUE, parameters=IMAGE)), blueprint=BLUEPRINT
    )
    assert (found.id, found.is_error, found.plugin, found.path) == ("H406", True, "queues", "resources.queue")
    assert "Image" in found.message

    override = {"op": "add", "path": "/Parameters/Who", "value": {"Type": "String"}}
    blueprint = Blueprint("shop", services=BLUEPRINT.services, overrides=(override,))
    (found,) = conductor.hivemind_lint(
        assembly=assembly(Fragment("resources.queue", QUEUE), blueprint), blueprint=blueprint
    )
    assert (found.id, found.path) == ("H406", "overrides.0")


def test_parameters_with_a_value_are_none() -> None:
    parameters = {**IMAGE, "Size": {"Type": "String", "Default": "t"}, "SshPublicKey": {"Type": "String"}}
    made = assembly(Fragment("resources.queue", QUEUE, parameters=parameters, images={"Image": "/aws/service/x"}))
    assert conductor.hivemind_lint(assembly=made, blueprint=BLUEPRINT) == ()


def test_no_built_in_plugin_is_an_empty_shell() -> None:
    assert [plugin.name for plugin in load(third_party=False).list() if not plugin.hooks] == []


def test_a_service_that_turns_out_to_be_a_worker_cannot_be_switched() -> None:
    web, worker = Service("web", strategy=Strategy(Way.BLUE_GREEN)), Service("mails", kind=ServiceKind.WORKER)
    worker = replace(worker, strategy=Strategy(Way.BLUE_GREEN))
    blueprint = Blueprint("shop", services={"web": web, "mails": worker})
    (found,) = deployer.hivemind_lint(assembly=assembly(Fragment("services")), blueprint=blueprint)
    assert (found.id, found.path, found.is_error) == ("H170", "services.mails.strategy", True)
