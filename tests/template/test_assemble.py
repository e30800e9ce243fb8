from __future__ import annotations

import itertools
from types import MappingProxyType
from typing import Any

import pytest

from hivemind.blueprint.model import Blueprint
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Binding, Fragment
from hivemind.template.render import as_json
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

TOPIC = {"Type": "AWS::SNS::Topic"}
BLUEPRINT = Blueprint("shop")


def findings_of(*contributions: tuple[str, tuple[Fragment, ...]], **more: Any) -> tuple[Finding, ...]:
    with pytest.raises(FindingsError) as caught:
        assemble(more.pop("blueprint", BLUEPRINT), contributions, **more)
    return caught.value.findings


def test_fragments_become_one_template_with_owners() -> None:
    binding = Binding("bus", {"BUS": "{arn}"}, outputs={"arn": "BusArn"})
    first = Fragment(
        "services.web",
        resources={"Alpha": {**TOPIC, "Properties": {"TopicName": {"Ref": "Image"}}}},
        parameters={"Image": {"Type": "AWS::EC2::Image::Id"}},
        images={"Image": "/aws/service/image"},
    )
    second = Fragment(
        "resources.bus", resources={"Beta": TOPIC}, outputs={"BusArn": {"Value": {"Ref": "Beta"}}}, bindings=(binding,)
    )
    assembly = assemble(BLUEPRINT, [("one", (first,)), ("two", (second,))])
    assert sorted(assembly.resources) == ["Alpha", "Beta"]
    assert assembly.owners["Alpha"].plugin == "one"
    assert assembly.owners["BusArn"].path == "resources.bus"
    assert assembly.owners["Revision"].plugin == "hivemind"
    assert assembly.bindings == {"bus": binding}
    assert assembly.images == {"Image": "/aws/service/image"}
    assert set(assembly.owners) == {"Alpha", "Beta", "BusArn", "Image", "Revision", "FirstRevision"}


def test_order_of_plugins_and_fragments_means_nothing() -> None:
    parts = [
        ("one", (Fragment("services.b", {"B": TOPIC}), Fragment("services.a", {"A": TOPIC}))),
        ("two", (Fragment("services.c", {"C": TOPIC, "D": {**TOPIC, "DependsOn": "C"}}),)),
        ("three", (Fragment("services.e", {"E": {**TOPIC, "Properties": {"b": 1, "a": {"y": 1, "x": 2}}}}),)),
    ]
    results = {
        (assembly.digest, as_json(assembly.template), tuple(assembly.owners.items()))
        for order in itertools.permutations(parts)
        for assembly in [assemble(BLUEPRINT, [(name, tuple(reversed(fragments))) for name, fragments in order])]
    }
    assert len(results) == 1


def test_read_only_and_tuple_values_are_taken() -> None:
    properties = MappingProxyType({"Tags": ({"Key": "team", "Value": "a"},)})
    assembly = assemble(
        BLUEPRINT, [("one", (Fragment("name", {"A": MappingProxyType({**TOPIC, "Properties": properties})}),))]
    )
    tags = {tag["Key"]: tag["Value"] for tag in assembly.resources["A"]["Properties"]["Tags"]}
    assert tags["team"] == "a"


def test_two_owners_of_one_logical_id_are_both_named() -> None:
    mine, yours = Fragment("services.web", {"A": TOPIC}), Fragment("resources.x", {"A": TOPIC})
    found = findings_of(("one", (mine,)), ("two", (yours,)), distributions={"two": "hivemind-two 1.2"})
    assert [finding.id for finding in found] == ["H401"]
    assert '"one" for services.web' in found[0].message
    assert '"two" (hivemind-two 1.2) for resources.x' in found[0].message
    assert found[0].plugin == "two"
    assert found[0].path == "resources.x"
    assert "-p no:two" in (found[0].hint or "")


def test_a_built_in_plugin_is_never_the_one_to_leave_out() -> None:
    mine, theirs = Fragment("services.web", {"A": TOPIC}), Fragment("resources.x", {"A": TOPIC})
    (found,) = findings_of(
        ("hivemind_plugin", (mine,)),
        ("provisioner", (theirs,)),
        distributions={"hivemind_plugin": "hivemind_plugin.py"},
    )
    assert found.plugin == "hivemind_plugin"
    assert "(hivemind_plugin.py)" in found.message
    assert "no:hivemind_plugin" in (found.hint or "")
    for second in ("one", "provisioner"):
        (found,) = findings_of(("one", (mine,)), (second, (theirs,)))
        assert found.hint
        assert "-p no:" not in found.hint


def test_a_logical_id_is_unique_over_resources_parameters_and_outputs() -> None:
    parameter = Fragment("name", parameters={"A": {"Type": "String"}})
    output = Fragment("name", outputs={"A": {"Value": "1"}})
    for other in (parameter, output):
        assert findings_of(("one", (Fragment("name", {"A": TOPIC}),)), ("two", (other,)))[0].id == "H401"


def test_two_fragments_of_a_plugin_may_need_one_parameter() -> None:
    image = {"Image": {"Type": "AWS::EC2::Image::Id"}}
    fragments = tuple(
        Fragment(
            f"services.{name}",
            {name.upper(): {**TOPIC, "Properties": {"TopicName": {"Ref": "Image"}}}},
            parameters=image,
        )
        for name in "ab"
    )
    assert "Image" in assemble(BLUEPRINT, [("one", fragments)]).template["Parameters"]
    other = Fragment("services.c", parameters={"Image": {"Type": "String"}})
    assert findings_of(("one", (*fragments, other)))[0].id == "H401"
    assert findings_of(("one", fragments), ("two", (fragments[0],)))[0].id == "H401"


def test_a_resource_is_bound_once() -> None:
    binding = Binding("db", {"URL": "x"})
    found = findings_of(
        ("one", (Fragment("resources.db", bindings=(binding,)),)),
        ("two", (Fragment("resources.db", bindings=(binding,)),)),
    )
    assert [finding.id for finding in found] == ["H402"]


def test_bad_logical_ids_and_resources_without_type_name_their_plugin() -> None:
    found = findings_of(("one", (Fragment("services.web", {"my-topic": TOPIC, "Empty": {}}),)))
    assert {(finding.id, finding.plugin, finding.path) for finding in found} == {
        ("H403", "one", "services.web"),
        ("H404", "one", "services.web"),
    }


@pytest.mark.parametrize(
    "properties",
    [
        {"TopicName": {"Ref": "Tpoic"}},
        {"TopicName": {"Fn::GetAtt": ["Tpoic", "TopicName"]}},
        {"TopicName": {"Fn::GetAtt": "Tpoic.TopicName"}},
        {"TopicName": {"Fn::Sub": "x-${Tpoic}"}},
        {"TopicName": {"Fn::Sub": "x-${Tpoic.TopicName}"}},
        {"TopicName": {"Fn::Join": ["", ["a", {"Ref": "Tpoic"}]]}},
        {"TopicName": {"Fn::Sub": ["${a}", {"a": {"Ref": "Tpoic"}}]}},
    ],
)
def test_references_that_lead_nowhere_are_found(properties: dict[str, Any]) -> None:
    resources = {"Topic": TOPIC, "Other": {**TOPIC, "Properties": properties}}
    found = findings_of(("one", (Fragment("services.web", resources),)))
    assert [finding.id for finding in found] == ["H405"]
    assert "Tpoic" in found[0].message
    assert found[0].hint == "Did you mean Topic?"
    assert found[0].path == "services.web"


def test_dangling_depends_on_and_outputs_are_found() -> None:
    fragment = Fragment(
        "name",
        {"A": {**TOPIC, "DependsOn": ["Gone"]}, "B": {**TOPIC, "DependsOn": "Revision"}},
        outputs={"C": {"Value": {"Ref": "Lost"}}},
    )
    found = findings_of(("one", (fragment,)))
    assert sorted(finding.message.split(",")[0] for finding in found) == [
        "A refers to Gone (DependsOn)",
        "B refers to Revision (DependsOn)",
        "C refers to Lost (Ref)",
    ]


def test_what_services_find_a_resource_by_must_be_there() -> None:
    binding = Binding("db", {"A": "{a}{b}"}, outputs={"a": "Lost"}, secrets={"b": ("Gone", "password")})
    found = findings_of(("one", (Fragment("resources.db", {"A": TOPIC}, bindings=(binding,)),)))
    assert [(finding.id, finding.path) for finding in found] == [("H405", "resources.db")] * 2


def test_what_is_no_reference_is_left_alone() -> None:
    properties = {
        "TopicName": {"Fn::Sub": "${AWS::StackName}-${!Literal}"},
        "DisplayName": {"Fn::Sub": ["${a}", {"a": "x"}]},
        "Tags": [{"Key": "Ref", "Value": {"Ref": "AWS::Region"}}],
        "ArchivePolicy": {"Ref": "x", "DependsOn": "y"},
    }
    assemble(BLUEPRINT, [("one", (Fragment("name", {"A": {**TOPIC, "Properties": properties}}),))])


def test_limits_of_cloudformation_are_findings() -> None:
    many = {f"T{number}": TOPIC for number in range(501)}
    assert "501 resources" in findings_of(("one", (Fragment("name", many),)))[0].message
    huge = {"A": {**TOPIC, "Properties": {"DisplayName": "x" * 1_000_000}}}
    assert [finding.id for finding in findings_of(("one", (Fragment("name", huge),)))] == ["H411"]
    outputs = {f"O{number}": {"Value": "1"} for number in range(200)}  # and the one of the revision
    assert "201 outputs" in findings_of(("one", (Fragment("name", outputs=outputs),)))[0].message


def test_everything_that_is_wrong_comes_at_once() -> None:
    blueprint = Blueprint("shop", overrides=({"op": "remove", "path": "/Resources/Nothing"},))
    found = findings_of(
        ("one", (Fragment("a", {"A": TOPIC, "b-": TOPIC}),)),
        ("two", (Fragment("b", {"A": TOPIC}),)),
        blueprint=blueprint,
    )
    assert {finding.id for finding in found} == {"H401", "H403", "H420"}
