from __future__ import annotations

from typing import Any

import pytest

from hivemind.blueprint.model import Blueprint
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly, Fragment
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5}}
FRAGMENT = Fragment("services.web", {"Queue": QUEUE}, outputs={"QueueUrl": {"Value": {"Ref": "Queue"}}})


def patched(*operations: dict[str, Any]) -> Assembly:
    return assemble(Blueprint("shop", overrides=operations), [("one", (FRAGMENT,))])


def refused(*operations: dict[str, Any]) -> tuple[Finding, ...]:
    with pytest.raises(FindingsError) as caught:
        patched(*operations)
    return caught.value.findings


def test_operations_change_the_final_template_in_order() -> None:
    delay = "/Resources/Queue/Properties/DelaySeconds"
    assembly = patched(
        {"op": "test", "path": delay, "value": 5},
        {"op": "replace", "path": delay, "value": 7},
        {"op": "test", "path": delay, "value": 7},
        {"op": "add", "path": "/Resources/Queue/DeletionPolicy", "value": "Retain"},
        {"op": "copy", "from": "/Resources/Queue", "path": "/Resources/Second"},
    )
    assert assembly.resources["Queue"]["Properties"]["DelaySeconds"] == 7
    assert assembly.resources["Queue"]["DeletionPolicy"] == "Retain"
    assert assembly.owners["Second"].path == "overrides"
    assert assembly.digest != patched().digest


def test_what_is_removed_has_no_owner() -> None:
    assembly = patched({"op": "remove", "path": "/Outputs/QueueUrl"})
    assert "QueueUrl" not in assembly.owners
    assert "QueueUrl" not in assembly.template["Outputs"]


def test_an_override_that_breaks_a_reference_is_found() -> None:
    found = refused({"op": "remove", "path": "/Resources/Queue"})
    assert found[0].id == "H405"
    assert "QueueUrl refers to Queue" in found[0].message


def test_a_failed_test_says_what_is_there() -> None:
    found = refused({"op": "test", "path": "/Resources/Queue/Properties/DelaySeconds", "value": 9})
    assert (found[0].id, found[0].path) == ("H421", "overrides.0.value")
    assert "it is 5" in found[0].message


@pytest.mark.parametrize("operation", ["replace", "remove", "test", "add"])
def test_a_pointer_that_leads_nowhere_names_the_nearest(operation: str) -> None:
    good = {"op": "add", "path": "/Resources/Queue/DeletionPolicy", "value": "Retain"}
    found = refused(good, {"op": operation, "path": "/Resources/Quue/Properties/DelaySeconds", "value": 1})
    assert found[0].path in {"overrides.1.path", "overrides.1.value"}
    if operation != "test":
        assert found[0].hint == "Did you mean /Resources/Queue?"


def test_a_missing_member_lists_what_there_is() -> None:
    found = refused({"op": "replace", "path": "/Resources/Queue/Properties/KmsKey", "value": 1})
    assert "DelaySeconds" in (found[0].hint or "")


def test_a_bad_source_is_found_too() -> None:
    found = refused({"op": "move", "from": "/Resources/Nope", "path": "/Resources/Queue2"})
    assert found[0].path == "overrides.0.from"


def test_each_bad_operation_has_its_finding() -> None:
    found = refused(
        {"op": "remove", "path": "/Nope"},
        {"op": "replace", "path": "", "value": 3},
        {"op": "remove", "path": "/Resources"},
        {"op": "replace", "path": "/Resources/Queue/Properties/DelaySeconds/x", "value": 3},
    )
    assert sorted(finding.path or "" for finding in found) == [
        "overrides.0.path",
        "overrides.1",
        "overrides.2",
        "overrides.3.path",
    ]


@pytest.mark.parametrize("value", ["text", {}, {"Type": 3}, [], None])
def test_a_resource_without_type_is_no_resource(value: Any) -> None:
    assert refused({"op": "add", "path": "/Resources/Other", "value": value})[0].id == "H404"


@pytest.mark.parametrize("section", ["Parameters", "Resources", "Outputs"])
def test_a_section_stays_a_mapping(section: str) -> None:
    found = refused({"op": "add", "path": f"/{section}", "value": ["x"]})
    assert [(finding.id, finding.path) for finding in found] == [("H422", "overrides.0")]
