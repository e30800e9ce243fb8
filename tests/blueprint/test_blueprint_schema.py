"""The JSON Schema itself: valid, complete, its examples true; the catalogue and the documents made of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import hivemind
from hivemind.blueprint import schema
from hivemind.blueprint.catalogue import CATALOGUE, as_markdown
from hivemind.blueprint.formats import FORMATS
from hivemind.blueprint.overlay import OVERLAID
from hivemind.blueprint.schemaerrors import compiled
from hivemind.blueprint.source import from_text
from hivemind.machine import shipped
from hivemind.values.errors import FindingsError
from hivemind.values.schemaparts import SchemaPart

pytestmark = pytest.mark.fast
PACKAGE = Path(hivemind.__file__).parent
CORE = schema.core()
WRITE_GOLDEN = bool(os.environ.get("HIVEMIND_WRITE_GOLDEN"))


def subschemas(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema below `properties` and `$defs`, with its path."""
    if not isinstance(node, dict):
        return
    yield path, node
    for group in ("properties", "$defs"):
        for name, inner in node.get(group, {}).items():
            yield from subschemas(inner, f"{path}/{group}/{name}")
    for name in ("items", "additionalProperties"):
        yield from subschemas(node.get(name), f"{path}/{name}")


def test_core_and_merged_schema_are_valid(parts: Mapping[str, SchemaPart]) -> None:
    Draft202012Validator.check_schema(CORE)
    Draft202012Validator.check_schema(schema.merged(parts))
    assert CORE["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert CORE["$id"]


def test_every_key_is_described_with_examples() -> None:
    for path, node in subschemas(CORE):
        if re.search(r"/properties/[^/]+$", path) and "/environment/" not in path:
            assert node.get("description"), path
            assert node.get("examples") or path == "/properties/resources", path


def test_mappings_with_keys_of_their_own_are_closed() -> None:
    for path, node in subschemas(CORE):
        if node.get("properties"):
            assert "additionalProperties" in node, path


def test_examples_and_defaults_fit_their_own_schema(parts: Mapping[str, SchemaPart]) -> None:
    whole = schema.merged(parts)
    tried = 0
    for path, node in subschemas(whole):
        values = [*node.get("examples", []), *([node["default"]] if "default" in node else [])]
        for value in values:
            if path == "/properties/checks":
                value = [{"http": "/up"}]  # noqa: PLW2901 - the kinds here are those of a test's plugin
            reference = {"$ref": "#" + path.replace("~", "~0")}
            validator = compiled(whole)
            errors = list(validator.evolve(schema=reference, _resolver=validator._resolver).iter_errors(value))
            assert not errors, (path, value, errors[0].message)
            tried += 1
    assert tried > 60


def test_environments_may_say_what_the_schema_says_they_may() -> None:
    keys = set(CORE["$defs"]["environment"]["properties"])
    assert keys == {*OVERLAID, "stage"}
    assert keys - {"stage"} <= set(CORE["properties"])


def test_editor_schema_knows_types_checks_and_options_of_plugins(parts: Mapping[str, SchemaPart]) -> None:
    whole = json.loads(json.dumps(schema.merged(parts)))
    validator = Draft202012Validator(whole)
    good = {
        "hivemind": 1, "name": "a", "services": {"web": {}}, "resources": {"db": "postgres", "b": {"type": "postgres"}},
        "checks": [{"http": "/"}], "plugins": {"slack": {"channel": "#x"}},
        "environments": {"dev": {"services": {"web": {"port": None}, "x": None}, "resources": {"b": {"storage": 30}}}},
    }  # fmt: skip
    assert validator.is_valid(good)
    for bad in (
        {"resources": {"db": "oracle"}},
        {"resources": {"db": {"type": "postgres", "x": 1}}},
        {"checks": [{"x": 1}]},
        {"plugins": {"slack": {"channel": 3}}},
        {"environments": {"dev": {"services": {"web": {"prot": 1}}}}},
    ):
        assert not validator.is_valid({**good, **bad}), bad


def test_formats_of_the_schema_are_known() -> None:
    assert {node["format"] for _, node in subschemas(CORE) if "format" in node} <= set(FORMATS)


# the catalogue


def test_every_id_in_the_code_is_explained() -> None:
    emitted: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if "catalogue" not in path.parts:
            emitted.update(re.findall(r'"(H\d{3})"', path.read_text(encoding="utf-8")))
    assert emitted <= set(CATALOGUE), sorted(emitted - set(CATALOGUE))
    assert set(CATALOGUE) <= emitted, sorted(set(CATALOGUE) - emitted)


def test_examples_of_the_catalogue_are_yaml_or_meant_not_to_be() -> None:
    for entry in CATALOGUE.values():
        assert entry.title
        assert entry.fix.endswith(".")
        assert entry.meaning.endswith(".")
        if entry.example and entry.id.startswith("H1"):
            from_text(entry.example, Path("f"))
        elif entry.example and entry.id.startswith("H0") and entry.id not in {"H005", "H013"}:
            with pytest.raises(FindingsError) as caught:
                from_text(entry.example, Path("f"))
            assert entry.id in {finding.id for finding in caught.value.findings}


def test_golden_document_is_what_the_catalogue_says() -> None:
    document = shipped.folder("schemas").parent / "docs" / "findings.md"
    if WRITE_GOLDEN:
        document.write_text(as_markdown(), encoding="utf-8")
    assert document.read_text(encoding="utf-8") == as_markdown()
