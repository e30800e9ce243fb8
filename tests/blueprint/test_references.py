"""References in a service's own variables, and what builds find in place of resources."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind.agents.provisioner import hivemind_fragments
from hivemind.blueprint.model import Blueprint, Resource
from hivemind.blueprint.references import absent, filled, referred

BOUND = {"PGHOST": "db.internal", "PGPORT": "5432", "P": "$PGHOST"}


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "value", "names"),
    [
        ("$PGHOST", "db.internal", {"PGHOST"}),
        ("${PGHOST}", "db.internal", {"PGHOST"}),
        ("tcp:${PGHOST}:$PGPORT/x", "tcp:db.internal:5432/x", {"PGHOST", "PGPORT"}),
        ('{"host":"$PGHOST","port":$PGPORT}', '{"host":"db.internal","port":5432}', {"PGHOST", "PGPORT"}),
        ("${PGHOST", "${PGHOST", set()),
        ("$PGHOST}", "db.internal}", {"PGHOST"}),
        ("$$PGHOST costs $$5", "$PGHOST costs $5", set()),
        ("$$$PGHOST", "$db.internal", {"PGHOST"}),
        ("$HOME ${HOME} $5 $PGHOSTname $", "$HOME ${HOME} $5 $PGHOSTname $", {"HOME"}),
        ("$2b$10$abc", "$2b$10$abc", set()),
        ("$P", "$PGHOST", {"P"}),  # values are not read again
    ],
)
def test_references(text: str, value: str, names: set[str]) -> None:
    assert filled({"A": text}, BOUND) == {"A": value}
    assert referred(text) == names


@pytest.mark.property
@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    assert filled({"A": text.replace("$", "$$")}, BOUND) == {"A": text}


@pytest.mark.fast
def test_whatever_a_resource_brings_has_something_in_its_place_while_building() -> None:
    resources = {
        "shop-db": Resource("shop-db", "postgres", {"version": "16", "size": "db.t3.micro", "storage": 20}),
        "cache": Resource("cache", "redis", {"version": "8.2", "size": "cache.t3.micro"}),
        "uploads": Resource("uploads", "bucket"),
        "jobs": Resource("jobs", "queue"),
        "news": Resource("news", "topic"),
    }
    found = absent((*resources, "queue"))
    fragments = hivemind_fragments(blueprint=Blueprint("shop", resources=resources))
    bindings = [binding for fragment in fragments for binding in fragment.bindings]
    assert {binding.resource for binding in bindings} == set(resources)
    for binding in bindings:
        for variable, pattern in binding.env.items():
            value = found[variable]
            if "://" in pattern:
                assert urlsplit(value).scheme == urlsplit(pattern).scheme, variable
                assert urlsplit(value).port == 1
            elif variable.endswith("PORT"):
                assert int(value) == 1
            assert "$" not in value
    assert urlsplit(found["QUEUE_URL"]).port == 1


@pytest.mark.fast
def test_what_needs_nothing_finds_nothing() -> None:
    assert absent(()) == {}
