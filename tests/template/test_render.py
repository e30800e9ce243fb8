from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hivemind.template.render import as_json, as_yaml, canonical

TEMPLATE: dict[str, Any] = {
    "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Balancer", "DNSName"]}}},
    "Resources": {
        "Web": {
            "Properties": {
                "UserData": {"Fn::Base64": {"Fn::Sub": "#!/bin/sh\necho ${AWS::Region}\n"}},
                "Zone": {"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]},
                "Version": "16",
                "Yes": "yes",
                "Port": 80,
                "On": True,
                "Text": {"Fn::Join": ["-", ["a", {"Ref": "Balancer"}]]},
                "Both": {"Ref": "x", "other": 1},
                "Script": {"Fn::Base64": "#cloud-config\nssh_pwauth: false\n"},
                "Colon": {"Fn::Sub": "arn:${AWS::Partition}:s3:::x/*"},
                "Nested": {"Fn::GetAtt": ["Balancer", {"Ref": "Attribute"}]},
            },
            "DependsOn": ["Balancer"],
            "Type": "T",
        },
        "Balancer": {"Type": "B", "Properties": {}},
    },
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {},
}


class Long(yaml.SafeLoader):
    """Reads short intrinsics back into their long forms, as CloudFormation does."""


def _long(loader: Long, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


Long.add_multi_constructor("!", _long)


@pytest.mark.fast
def test_yaml_and_json_say_the_same() -> None:
    text = as_yaml(TEMPLATE)
    assert yaml.load(text, Loader=Long) == canonical(TEMPLATE)
    assert json.loads(as_json(TEMPLATE)) == canonical(TEMPLATE) == json.loads(as_json(TEMPLATE, indent=2))
    assert "Value: !GetAtt Balancer.DNSName" in text
    assert "&" not in text.replace("&&", "")


@pytest.mark.fast
def test_sections_come_in_the_order_in_which_people_write_them() -> None:
    assert list(canonical(TEMPLATE)) == ["AWSTemplateFormatVersion", "Resources", "Outputs"]
    assert list(canonical(TEMPLATE)["Resources"]["Web"]) == ["Type", "DependsOn", "Properties"]


@pytest.mark.fast
def test_same_content_same_text() -> None:
    turned = json.loads(json.dumps(TEMPLATE), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert as_json(turned) == as_json(TEMPLATE)
    turned["Resources"]["Web"]["Properties"]["Port"] = 81
    assert as_json(turned) != as_json(TEMPLATE)


PROGRAM = """
import sys
from pathlib import Path
from hivemind.agents.provisioner import hivemind_fragments, hivemind_schema
from hivemind.blueprint.source import load
from hivemind.blueprint.validate import validate
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Fragment
from hivemind.template.render import as_json

blueprint, _ = validate(load(Path(sys.argv[1])), {"provisioner": hivemind_schema()})
own = [("provisioner", tuple(hivemind_fragments(blueprint=blueprint)))]
other = [(name, (Fragment("name", {name.title() + "Topic": {"Type": "AWS::SNS::Topic"}}),)) for name in {"x", "y", "z"}]
print(as_json(assemble(blueprint, own + other if sys.argv[2] == "first" else other + own).template))
"""


def test_the_template_is_the_same_bytes_whatever_hash_seed_and_plugin_order() -> None:
    blueprint = Path(__file__).parents[1] / "golden" / "grown" / "hivemind.yaml"
    texts = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(blueprint), order],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed, order in (("0", "first"), ("1", "last"), ("4242", "first"))
    }
    assert len(texts) == 1
