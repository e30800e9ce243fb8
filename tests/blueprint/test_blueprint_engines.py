"""Versions of databases: known ones pass, others name the nearest."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from hivemind import pipeline
from hivemind.blueprint.engines import POSTGRES, nearest_postgres
from hivemind.errors import FindingsError
from hivemind.findings import Finding
from hivemind.local.resources import catalog
from hivemind.plugins import load

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("version", ["13", "18", "16.8", "17.1", "18.999"])
def test_versions_that_rds_has_or_may_have_by_now(version: str) -> None:
    assert nearest_postgres(version) is None


@pytest.mark.parametrize(
    ("version", "near"),
    [("99", "18"), ("9.6", "13"), ("12", "13"), ("16.0", "16"), ("16.8.1", "16.8"), ("v16", "16"), ("latest", "18")],
)
def test_the_nearest_version_of_others(version: str, near: str) -> None:
    assert nearest_postgres(version) == near


def test_a_wrong_version_is_found_at_its_place_before_any_template_is_made(tmp_path: Path) -> None:
    found = checked(tmp_path, '"99"')
    assert [(one.id, str(one.place).rpartition("/")[2]) for one in found] == [("H134", "hivemind.yaml:6:33")]
    assert "resources.db" in found[0].message
    assert 'did you mean "18"?' in (found[0].hint or "")


def checked(folder: Path, version: str) -> tuple[Finding, ...]:
    blueprint = folder / "hivemind.yaml"
    blueprint.write_text(
        "hivemind: 1\nname: shop\nservices:\n  web: {start: node server.js}\n"
        f"resources:\n  db: {{type: postgres, version: {version}}}\n"
    )
    with pytest.raises(FindingsError) as refused:
        pipeline.check(blueprint, load(third_party=False), lint=False)
    return refused.value.findings


def test_the_list_is_what_cfn_lint_and_the_local_cloud_know() -> None:
    offered = cfn_lint_versions()
    for major, minor in POSTGRES.items():
        assert {str(major), f"{major}.{minor}"} <= offered
    assert tuple(POSTGRES) == tuple(catalog.POSTGRES_MAJORS)


def cfn_lint_versions() -> set[str]:
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    folder = Path(next(iter(spec.submodule_search_locations or ())))
    data = json.loads((folder / "data/schemas/extensions/aws_rds_dbinstance/engine_version.json").read_text())
    found: list[Any] = [
        branch["then"]["properties"]["EngineVersion"]["enum"]
        for branch in data["allOf"]
        if branch.get("if", {}).get("properties", {}).get("Engine", {}).get("const") == "postgres"
    ]
    return set(found[0])
