"""Any valid blueprint validates; any mutation of one is valid or gives findings, never another exception."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hivemind.blueprint.model import Blueprint
from hivemind.blueprint.source import from_text
from hivemind.blueprint.validate import validate
from hivemind.cli.findings import text as rendered
from hivemind.testing.strategies import blueprints
from hivemind.values.errors import FindingsError
from hivemind.values.schemaparts import SchemaPart

pytestmark = pytest.mark.property
ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        3.5,
        10**30,
        "",
        " ",
        "a",
        "/",
        "..",
        "\x7f",
        "ü",
        "0.0.0.0/0",
        "t3.",
        [],
        [[]],
        {},
        {"a": None},
    ]
)
thorough = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def outcome(text: str, parts: Mapping[str, SchemaPart]) -> Blueprint | None:
    """The blueprint, or None when there were findings, which must be ones that can be shown."""
    try:
        return validate(from_text(text, Path("hivemind.yaml")), parts)[0]
    except FindingsError as error:
        found = error.findings
    assert found
    assert all(finding.place is not None for finding in found)
    assert json.dumps([finding.as_json() for finding in found])
    assert rendered(found)
    return None


def all_paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    paths = []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        paths += [(*path, key), *all_paths(inner, (*path, key))]
    return paths


@st.composite
def mutated(draw: Any) -> Any:
    """A blueprint with one to three of its parts dropped, renamed or of another type."""
    data = copy.deepcopy(draw(blueprints()))
    for _ in range(draw(st.integers(1, 3))):
        paths = all_paths(data)
        if not paths:
            break
        *above, last = draw(st.sampled_from(paths))
        holder = data
        for key in above:
            holder = holder[key]
        action = draw(st.sampled_from(["drop", "rename", "retype"]))
        if action == "retype":
            holder[last] = draw(ODD)
        elif action == "drop":
            del holder[last]
        elif isinstance(holder, dict):
            holder[draw(st.text(max_size=8)) or last] = holder.pop(last)
    return data


@thorough
@given(blueprints())
def test_valid_blueprints_validate(parts: Mapping[str, SchemaPart], data: Any) -> None:
    blueprint, findings = validate(from_text(yaml.safe_dump(data, allow_unicode=True), Path("hivemind.yaml")), parts)
    assert not any(finding.is_error for finding in findings)
    assert set(blueprint.services) == set(data["services"])


@thorough
@given(blueprints(), st.data())
def test_all_environments_of_valid_blueprints_validate(parts: Mapping[str, SchemaPart], data: Any, draw: Any) -> None:
    environment = draw.draw(st.sampled_from(["production", *data.get("environments", {})]))
    source = from_text(json.dumps(data), Path("hivemind.yaml"))
    assert validate(source, parts, environment=environment)[0].environment == environment


@thorough
@given(mutated())
def test_mutations_are_valid_or_findings(parts: Mapping[str, SchemaPart], data: Any) -> None:
    outcome(json.dumps(data), parts)


@thorough
@given(blueprints(), st.data())
def test_garbled_text_is_valid_or_findings(parts: Mapping[str, SchemaPart], data: Any, draw: Any) -> None:
    raw = bytearray(yaml.safe_dump(data, allow_unicode=True).encode())
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(raw)))
        raw[at : at + draw.draw(st.integers(0, 3))] = draw.draw(
            st.binary(max_size=3)
            | st.sampled_from([b": ", b"\t", b"- ", b"'", b"&a ", b"*a", b"<<: ", b"\n---\n", b"{", b"["])
        )
    outcome(raw.decode("utf-8", "replace"), parts)


@thorough
@given(st.text(alphabet=st.sampled_from("ab:-#&*!|>'\"%@`{}[],? \n\t0\\<~"), max_size=40))
def test_any_text_is_read_or_gives_findings(parts: Mapping[str, SchemaPart], text: str) -> None:
    outcome(text, parts)
