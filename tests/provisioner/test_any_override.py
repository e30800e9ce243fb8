"""Whatever overrides do to a template, there are findings, and no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint
from hivemind.blueprint.model import Blueprint, Resource, Service
from hivemind.template.assemble import assemble
from hivemind.template.render import as_yaml
from hivemind.values.errors import FindingsError

SHOP = {"services": {"web": Service("web", port=8000, needs=("db",))}, "resources": {"db": Resource("db", "postgres")}}


def pointers(node: Any, at: str = "") -> Iterator[str]:
    yield at
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in entries:
        yield from pointers(value, f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}")


def template_of(overrides: tuple[dict[str, Any], ...] = ()) -> Any:
    blueprint = Blueprint("shop", overrides=overrides, **SHOP)
    return blueprint, assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])


PLACES = st.sampled_from(sorted(pointers(dict(template_of()[1].template))))
NEW = st.tuples(PLACES, st.sampled_from(["/new", "/-"])).map("".join)
ANYWHERE = PLACES | NEW | st.text("/~a0", max_size=6)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["0.0.0.0/0", "AWS::S3::Bucket"])
KEYS = st.sampled_from(["Ref", "Fn::GetAtt", "Fn::Sub", "Type", "Properties", "DependsOn", "Key", "CidrIp"])
VALUES = st.recursive(
    LEAVES | st.text("ab$!{}.", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OPERATIONS = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
        "path": ANYWHERE,
        "from": ANYWHERE,
        "value": VALUES,
    }
)


@pytest.mark.property
@settings(max_examples=50, deadline=None)
@given(st.lists(OPERATIONS, min_size=1, max_size=4).map(tuple))
def test_any_override_gives_a_template_or_findings(overrides: tuple[dict[str, Any], ...]) -> None:
    try:
        blueprint, assembly = template_of(overrides)
    except FindingsError as error:
        refused = [finding for finding in error.findings if finding.is_error]
    else:
        refused = []
        hivemind_lint(assembly=assembly, blueprint=blueprint)
        assert "Resources:" in as_yaml(assembly.template)
    assert all(finding.path for finding in refused)
