# ruff: noqa: E501 - samples read best as they are

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compiler_builds import lay

from hivemind.blueprint.model import Service
from hivemind.builds.programs import Programs
from hivemind.builds.sbom import component, sbom
from hivemind.builds.sources import Sources
from hivemind.builds.store import Store
from hivemind.builds.work import Work
from hivemind.values.artifact import Platform

pytestmark = pytest.mark.fast
SITE = "venv/lib/python3.12/site-packages"
TREE = {
    f"{SITE}/Flask-3.0.dist-info/METADATA": "Metadata-Version: 2.4\nName: Flask\nVersion: 3.0\nLicense-Expression: BSD-3-Clause\n\nText\n",
    f"{SITE}/broken.dist-info/METADATA": "no\n",
    "app/node_modules/@scope/tool/package.json": '{"name": "@scope/tool", "version": "1.2.3", "license": "MIT"}',
    "app/node_modules/@scope/tool/node_modules/ms/package.json": '{"name": "ms", "version": "2.0.0"}',
    "app/node_modules/.pnpm/ms@2.1.2/node_modules/ms/package.json": '{"name": "ms", "version": "2.1.2"}',
    "app/node_modules/ms/dist/package.json": '{"type": "module"}',
    "app/node_modules/odd/package.json": "[",
}


def made(root: Path) -> bytes:
    platform = Platform("host", "x86_64", None, (), None)
    sources = Sources(root, (), ())
    work = Work(
        Service("web"), sources, platform, Store(root), lay(root / "tree", TREE), root, Programs("web", root / "log")
    )
    work.carried.append(component("generic", "node", "22.1.0", sort="platform"))
    return sbom(work)


def test_what_is_in_it(tmp_path: Path) -> None:
    found = json.loads(made(tmp_path))
    assert [one["purl"] for one in found["components"]] == [
        "pkg:generic/node@22.1.0",
        "pkg:npm/%40scope/tool@1.2.3",
        "pkg:npm/ms@2.0.0",
        "pkg:npm/ms@2.1.2",
        "pkg:pypi/flask@3.0",
    ]
    assert found["components"][4]["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]


def test_the_same_bytes_for_the_same_content(tmp_path: Path) -> None:
    assert made(tmp_path / "a") == made(tmp_path / "b")


def test_it_keeps_to_the_schema(tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx", reason="needs cyclonedx-python-lib")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made(tmp_path).decode()) is None
