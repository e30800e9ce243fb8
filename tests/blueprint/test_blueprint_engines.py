"""Versions of databases: known ones pass, others name the nearest."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from hivemind import pipeline
from hivemind.blueprint.engines import POSTGRES, VALKEY, nearest_postgres, nearest_valkey
from hivemind.blueprint.sizes import CACHE_FAMILIES
from hivemind.local.resources import catalog
from hivemind.plugins.loading import load
from hivemind.values.errors import FindingsError
from hivemind.values.findings import Finding

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


@pytest.mark.parametrize("version", ["7.2", "9.1", "8.3", "9.9"])
def test_versions_that_elasticache_has_or_may_have_by_now(version: str) -> None:
    assert nearest_valkey(version) is None


@pytest.mark.parametrize(
    ("version", "near"),
    [("7", "7.2"), ("6.2", "7.2"), ("7.0", "7.2"), ("8", "8.0"), ("8.1.4", "8.1"), ("10.0", "9.1"), ("latest", "9.1")],
)
def test_the_nearest_version_of_valkey(version: str, near: str) -> None:
    assert nearest_valkey(version) == near


@pytest.mark.parametrize(
    ("options", "identity", "hint"),
    [
        ('version: "6.2"', "H134", 'Did you mean "7.2"?'),
        ("size: cache.t3.mikro", "H104", "Did you mean cache.t3.micro?"),
        ("size: cache.t3.large", "H104", "t3: medium, micro, small"),
        ("size: t3.micro", "H107", "cache.t3.micro"),
    ],
)
def test_a_wrong_redis_is_found_before_any_template_is_made(
    tmp_path: Path, options: str, identity: str, hint: str
) -> None:
    found = checked(tmp_path, f"cache: {{type: redis, {options}}}")
    assert [one.id for one in found] == [identity]
    assert hint in (found[0].hint or "")


def test_a_wrong_version_is_found_at_its_place_before_any_template_is_made(tmp_path: Path) -> None:
    found = checked(tmp_path, 'db: {type: postgres, version: "99"}')
    assert [(one.id, str(one.place).rpartition("/")[2]) for one in found] == [("H134", "hivemind.yaml:6:33")]
    assert "resources.db" in found[0].message
    assert 'Did you mean "18"?' in (found[0].hint or "")


def checked(folder: Path, resource: str) -> tuple[Finding, ...]:
    blueprint = folder / "hivemind.yaml"
    blueprint.write_text(
        f"hivemind: 1\nname: shop\nservices:\n  web: {{start: node server.js}}\nresources:\n  {resource}\n"
    )
    with pytest.raises(FindingsError) as refused:
        pipeline.check(blueprint, load(third_party=False), lint=False)
    return refused.value.findings


def test_the_list_is_what_cfn_lint_and_the_local_cloud_know() -> None:
    offered = cfn_lint_versions("aws_rds_dbinstance", "postgres")
    for major, minor in POSTGRES.items():
        assert {str(major), f"{major}.{minor}"} <= offered
    assert tuple(POSTGRES) == tuple(catalog.POSTGRES_MAJORS)
    assert set(VALKEY) == cfn_lint_versions("aws_elasticache_cachecluster", "valkey")
    assert catalog.CACHE_VERSIONS["valkey"] == VALKEY


def test_the_sizes_of_caches_are_those_of_cfn_lint_and_the_local_cloud() -> None:
    regions = extension("aws_elasticache_cachecluster/cachenodetype_enum.json").values()
    offered = {name for region in regions if isinstance(region, dict) for name in region["enum"]}
    assert {f"cache.{family}.{size}" for family, sizes in CACHE_FAMILIES.items() for size in sizes} == offered
    assert all(catalog.is_cache_node(name) for name in offered)


def cfn_lint_versions(kind: str, engine: str) -> set[str]:
    data = extension(f"{kind}/engine_version.json")
    found: list[Any] = [
        branch["then"]["properties"]["EngineVersion"]["enum"]
        for branch in data["allOf"]
        if branch.get("if", {}).get("properties", {}).get("Engine", {}).get("const") == engine
    ]
    return set(found[0])


def extension(path: str) -> Any:
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    folder = Path(next(iter(spec.submodule_search_locations or ())))
    return json.loads((folder / "data/schemas/extensions" / path).read_text())
