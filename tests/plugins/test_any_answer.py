"""Whatever a plugin answers, a command ends with findings or an error that names it, never with a defect of ours."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_plugins import plugin

from hivemind import (
    Binding,
    Detection,
    Finding,
    FindingsError,
    Fragment,
    Place,
    Precedence,
    ResourceType,
    SchemaPart,
    Severity,
)
from hivemind.cli.findings import as_data, text
from hivemind.plugins.calling import PluginError
from hivemind.testing import checked, plugins_of

pytestmark = pytest.mark.property
SHOP = """
hivemind: 1
name: shop
services:
  web: {needs: [q], start: gunicorn app, runtime: python 3.12, port: 8000}
resources: {q: {type: queue}}
"""
UNKNOWN = "hivemind: 1\nname: shop\nservices: {web: {}}\n"
WORDS = ["web", "services.web", "resources.q", "q", "VPC", "Ref", "Fn::Sub", "${A}", "properties", "{url}", "H104"]
FIELDS = ["language", "port", "start", "framework", "need", "kind", "runtime_version", "static_dir", "worker", "colour"]
KEYWORDS = ["type", "properties", "$ref", "$defs", "required", "pattern", "enum", "default", "items"]
QUEUE = SchemaPart(resource_types={"queue": ResourceType({}, "A queue.")})
Fields = dict[str, st.SearchStrategy[Any]]

word = st.text(max_size=6) | st.sampled_from(WORDS)
texts = st.dictionaries(word, word, max_size=2)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | word,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word | st.sampled_from(KEYWORDS), inner, max_size=3),
    max_leaves=6,
)
junk = json | st.builds(object) | st.just({1}) | st.just("\ud800") | st.just(float("nan")) | st.tuples(json)


def mostly(right: st.SearchStrategy[Any], wrong: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One in eight is wrong."""
    return st.integers(0, 7).flatmap(lambda drawn: wrong if drawn == 7 else right)


def some(kind: Any, fields: Fields) -> st.SearchStrategy[Any]:
    """Values of the right types, and ones of which one field is anything."""

    def one(wrong: str) -> st.SearchStrategy[Any]:
        return st.builds(kind, **{name: junk if name == wrong else right for name, right in fields.items()})

    return mostly(st.builds(kind, **fields), st.sampled_from(sorted(fields)).flatmap(one))


def several(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return mostly(st.lists(members, max_size=2).map(tuple), junk)


number = st.none() | st.integers()
value = word | st.sampled_from(["python", "8000", "npm start"]) | st.integers(1, 9)
place = some(Place, {"file": word, "line": number, "column": number, "excerpt": st.none() | word})
body = st.fixed_dictionaries({"Type": word, "Properties": json}) | st.fixed_dictionaries({"Value": json}) | json
entries = st.dictionaries(word, body, max_size=2)
binding = some(
    Binding,
    {
        "resource": word,
        "env": texts,
        "outputs": texts,
        "secrets": st.dictionaries(word, st.tuples(word, word), max_size=1),
    },
)
part = {
    "resource_types": st.dictionaries(
        word | st.just("queue"), some(ResourceType, {"schema": json, "description": word}), max_size=2
    ),
    "options": st.none() | json,
    "checks": st.dictionaries(word, json, max_size=2),
}
ANSWERS: Mapping[str, st.SearchStrategy[Any]] = {
    "hivemind_schema": mostly(some(SchemaPart, part), junk),
    "hivemind_detect": several(
        some(
            Detection,
            {
                "field": st.sampled_from(FIELDS), "value": value, "file": word, "line": number,
                "precedence": st.sampled_from(Precedence), "confidence": st.floats(0, 1), "note": st.none() | word,
                "language": st.none() | word,
            },
        )
    ),
    "hivemind_fragments": several(
        some(
            Fragment,
            {
                "path": word, "resources": entries, "outputs": entries, "parameters": entries, "images": texts,
                "bindings": st.lists(binding, max_size=2).map(tuple),
            },
        )
    ),
    "hivemind_lint": several(
        some(
            Finding,
            {
                "id": st.sampled_from(["ACME1", "ACME2", "H104"]), "severity": st.sampled_from(Severity),
                "message": word, "place": st.none() | place, "hint": st.none() | word, "path": st.none() | word,
            },
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_answer(tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject) -> None:
    answer = data.draw(ANSWERS[name])
    hooks: dict[str, Any] = {"hivemind_schema": lambda: QUEUE, name: lambda: answer}
    folder: Path = tmp_path_factory.mktemp("any")
    findings: tuple[Finding, ...] = ()
    try:
        blueprint = UNKNOWN if name == "hivemind_detect" else SHOP
        findings = checked(folder, blueprint, plugins_of(aaa=plugin(**hooks)), lint=False).findings
    except PluginError as error:
        findings = (error.as_finding(),)
    except FindingsError as error:
        findings = error.findings
    assert {one.plugin for one in findings} <= {"aaa", "hivemind", "provisioner", "deployer", "recon"}
    assert text(findings)
    assert dumps(as_data(findings))
