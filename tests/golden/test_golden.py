"""The templates of a few blueprints, whole. `make golden` writes them again; the diff is to be looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint, hivemind_schema
from hivemind.blueprint.source import load
from hivemind.blueprint.validate import validate
from hivemind.template.assemble import assemble
from hivemind.template.render import as_yaml

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/hivemind.yaml"))
# Read now: while a test runs, no variable of HiveMind's is set.
WRITE = os.environ.get("HIVEMIND_WRITE_GOLDEN") == "1"


@pytest.mark.fast
@pytest.mark.parametrize("case", CASES)
def test_golden_template(case: str) -> None:
    folder = FOLDER / case
    blueprint, findings = validate(load(folder / "hivemind.yaml"), {"provisioner": hivemind_schema()})
    assembly = assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])
    assert not [finding for finding in findings if finding.is_error]
    assert hivemind_lint(assembly=assembly, blueprint=blueprint) == ()
    text = as_yaml(assembly.template)
    if WRITE:
        (folder / "template.yaml").write_text(text, encoding="utf-8")
    assert text == (folder / "template.yaml").read_text(encoding="utf-8"), "make golden writes it again"
